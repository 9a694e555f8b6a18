/** What a check of a runbook step answers. */
import type { ResourceName } from '../../facts/kubernetes/resources.ts'
import type { Part, Unseen } from '../../facts/snapshot.ts'
import type { Series } from '../../targets/ports.ts'
import { symptoms } from '../symptoms.ts'
import { instant, type View } from '../view.ts'
import { scraped, scrapesApart } from './scraped.ts'

export interface CheckResult {
  status: 'ok' | 'found' | 'unknown' | 'not-applicable'
  /** One or two sentences: what was seen, or why it could not be. */
  found: string
}

/** Pure: same view, same answer. */
export type Check = (view: View) => CheckResult

export const ok = (text: string): CheckResult => ({ status: 'ok', found: text })
export const found = (text: string): CheckResult => ({ status: 'found', found: text })
export const unknown = (text: string): CheckResult => ({ status: 'unknown', found: text })
export const notApplicable = (text: string): CheckResult => ({ status: 'not-applicable', found: text })

const because = (what: string, part: Unseen | undefined): CheckResult =>
  unknown(part ? `cannot see ${what}: ${part.state}, ${part.reason}` : `cannot see ${what}: not looked at`)

const missing = (part: Part<unknown> | undefined): Unseen | undefined => (part === undefined || part.state === 'ok' ? undefined : part)

/** The answer of a check that needs these kinds of objects when one of them was not seen; undefined when all were. */
export function blind(view: View, ...kinds: ResourceName[]): CheckResult | undefined {
  const first = kinds.find((kind) => view.snapshot.cluster[kind]?.state !== 'ok')
  return first && because(first, missing(view.snapshot.cluster[first]))
}

/** Series of a named instant query, from Prometheus, else from scrapes of the pods; empty where neither has any. */
export function measured(view: View, name: string): Series[] {
  const series = instant(view, name)
  return series?.length ? series : (scraped(view, name) ?? [])
}

/** The window in which the counters of `measured` grew: that of the query, or the time between two scrapes. */
export function windowOf(view: View, querySeconds = 120): { seconds: number; text: string } {
  const apart = scrapesApart(view)
  return apart === undefined
    ? { seconds: querySeconds, text: `${querySeconds / 60} min` }
    : { seconds: apart, text: `${Number(apart.toFixed(1))} s` }
}

/** The same, or the answer of a check that cannot go on without it. */
export function asked(view: View, name: string, what: string): Series[] | CheckResult {
  const series = measured(view, name)
  if (series.length > 0) return series
  if (instant(view, name) === undefined) return because(`${what} in Prometheus`, missing(view.snapshot.instant))
  return unknown(`Prometheus has no series for ${what} of this service`)
}

export const isResult = (value: Series[] | CheckResult): value is CheckResult => !Array.isArray(value)

/** The newest value of a series; undefined for NaN and infinities, which are no measurement. */
export function latestOf(series: Series | undefined): number | undefined {
  const value = series?.points.at(-1)?.[1]
  return value !== undefined && Number.isFinite(value) ? value : undefined
}

/** Series with a measured value, highest first. */
export const ranked = (series: readonly Series[]): { labels: Record<string, string>; value: number }[] =>
  series
    .flatMap((s) => {
      const value = latestOf(s)
      return value === undefined ? [] : [{ labels: s.labels, value }]
    })
    .sort((a, b) => b.value - a.value || (JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1))

/** `0.0713` -> `7.1%`. */
export const percent = (ratio: number): string => `${Number((ratio * 100).toFixed(ratio < 0.1 ? 1 : 0))}%`
/** Seconds to `183 ms` or `2.4 s`. */
export const seconds = (value: number): string => (value < 1 ? `${Math.round(value * 1000)} ms` : `${Number(value.toFixed(1))} s`)
/** The first few of a list, and how many more there are. */
export const some = (texts: readonly string[], most = 3): string =>
  texts.length > most ? `${texts.slice(0, most).join('; ')}; and ${texts.length - most} more` : texts.join('; ')
export const many = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`

/** Whether a user of the service notices anything. A change or an error line is worth a look only then; on a well service it is daily life. */
export const troubled = (view: View): boolean => symptoms(view).some((symptom) => symptom.severity !== 'info')
