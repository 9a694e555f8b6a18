/** What `capture show` has found in a bundle, as data: for people in capture.ts, as a page in capture-html.ts, as JSON in itself. */
import type { Manifest, ProfileKind } from '../facts/capture-manifest.ts'
import type { HeapSummary } from '../profile/heap-summary.ts'
import type { Flame, Hot } from '../profile/stacks.ts'

export interface ProfileSummary {
  pod: string
  kind: ProfileKind
  /** `nanoseconds`, `bytes`, ... as the profile says. */
  unit: string
  seconds: number
  total: number
  hottest: Hot[]
  flame: Flame
}

export interface LogGroup {
  container: string
  count: number
  /** RFC 3339. */
  first: string | undefined
  last: string | undefined
  /** The first line of the group. */
  example: string
}

export interface BundleSummary {
  manifest: Manifest
  profiles: ProfileSummary[]
  heaps: ({ pod: string } & HeapSummary)[]
  logs: LogGroup[]
}

/** An amount in the unit of a profile: `1.24 s`, `3.1 MB`. */
export function amountOf(value: number, unit: string): string {
  if (unit === 'nanoseconds') return value >= 1e9 ? `${(value / 1e9).toFixed(2)} s` : `${(value / 1e6).toFixed(1)} ms`
  if (unit === 'bytes') return bytesText(value)
  return `${value}`
}

/** `812 B`, `1.2 kB`, `34.5 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let at = 0
  let value = bytes
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000
    at++
  }
  return `${at === 0 ? value : value.toFixed(1)} ${units[at]}`
}
