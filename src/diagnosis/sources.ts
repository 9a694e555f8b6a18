/** Who asks, as far as logs tell: addresses in lines about answers, with how often each was refused and served. Pure. */
import { linesOf, patterns } from './logs.ts'
import { millis } from './time.ts'
import { logsOf, type View } from './view.ts'

export interface Source {
  address: string
  /** For its credentials; of an address that was refused so and never served, answers 429 count too: it is held back. */
  refused: number
  served: number
}

const address = String.raw`(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-f]{1,4}:){2,7}[0-9a-f]{1,4}|::1`
/** A field of a JSON or key=value line that names who asked. */
const named = new RegExp(
  String.raw`["']?(?:remote_?(?:addr(?:ess)?|ip|host)|client_?(?:addr(?:ess)?|ip)?|source_?(?:addr(?:ess)?|ip)?|src|peer|ip|x[-_]forwarded[-_]for|forwarded_for|address|rhost|from)["']?\s*[:=]\s*["']?\[?(?:::ffff:)?(${address})`,
  'i',
)
/** The first word of an access log in the common format, or the address that a sentence names. */
const first = new RegExp(String.raw`^(?:::ffff:)?(${address})\s|\bfrom (?:address |ip |host |client )?(?:::ffff:)?(${address})\b`, 'i')
const status =
  /["']?(?:status(?:_?code)?|code|http_?status)["']?\s*[:=]\s*["']?(\d{3})\b|" (\d{3}) (?:\d+|-)|\bHTTP\/[\d.]+"? (\d{3})\b|\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \S+ (?:-> ?)?(\d{3})\b/i

/** The status of an answer that a log line tells of; undefined where it tells of none. */
export function statusIn(text: string): number | undefined {
  const found = status
    .exec(text)
    ?.slice(1)
    .find((group) => group !== undefined)
  return found === undefined ? undefined : Number(found)
}

export function addressIn(text: string): string | undefined {
  const match =
    named.exec(text)?.[1] ??
    first
      .exec(text)
      ?.slice(1)
      .find((group) => group !== undefined)
  return match?.toLowerCase()
}

/** Sources with a refusal or a success in the look-back, those refused most first. Lines without an address are left out. */
export function sourcesOf(view: View): Source[] {
  const since = view.now - view.snapshot.target.lookbackSeconds * 1000
  const found = new Map<string, Source & { held: number }>()
  for (const { text, time } of linesOf(logsOf(view))) {
    if ((millis(time) ?? view.now) < since) continue
    const code = statusIn(text)
    const refused = code === 401 || code === 403 || (code === undefined && patterns.credentials.test(text))
    const served = code !== undefined && code >= 200 && code < 400
    const held = code === 429
    const from = refused || served || held ? addressIn(text) : undefined
    if (from === undefined) continue
    const known = found.get(from) ?? { address: from, refused: 0, served: 0, held: 0 }
    found.set(from, {
      address: from,
      refused: known.refused + Number(refused),
      served: known.served + Number(served),
      held: known.held + Number(held),
    })
  }
  return [...found.values()]
    .filter(({ refused, served }) => refused + served > 0)
    .map(({ address, refused, served, held }) => ({ address, refused: refused + (refused > 0 && served === 0 ? held : 0), served }))
    .sort((a, b) => b.refused - a.refused || (a.address < b.address ? -1 : 1))
}

/** Of the refusals with an address, the share that went to those who were served by the same pod before, and since the first refusal hardly any more; undefined where too few were seen. */
export function turnedAway(view: View, fewest: number): number | undefined {
  const since = view.now - view.snapshot.target.lookbackSeconds * 1000
  const found = new Map<string, { refused: number; first: number; served: number[] }>()
  for (const { pod, text, time } of linesOf(logsOf(view))) {
    const at = millis(time)
    const code = statusIn(text)
    const from = at === undefined || at < since || code === undefined ? undefined : addressIn(text)
    if (from === undefined || at === undefined || code === undefined) continue
    const known = found.get(`${pod} ${from}`) ?? { refused: 0, first: Number.POSITIVE_INFINITY, served: [] }
    if (code === 401 || code === 403) {
      known.refused += 1
      known.first = Math.min(known.first, at)
    } else if (code >= 200 && code < 400) known.served.push(at)
    found.set(`${pod} ${from}`, known)
  }
  const all = [...found.values()].reduce((sum, s) => sum + s.refused, 0)
  const turned = [...found.values()].filter(({ refused, first, served }) => {
    const after = served.filter((at) => at > first + underWay).length
    return served.length > after && after <= lateAnswers * refused
  })
  return all < fewest ? undefined : turned.reduce((sum, s) => sum + s.refused, 0) / all
}

/** Answers after the first refusal, for each refusal, that are only late to be told of: a line about a stream is written at its end. */
const lateAnswers = 0.1
/** Milliseconds for which answers that were under way may still come after the first refusal. */
const underWay = 1000

/** Paths that log lines say were not found, each with how often. */
export function missedPaths(view: View): Map<string, number> {
  const since = view.now - view.snapshot.target.lookbackSeconds * 1000
  const found = new Map<string, number>()
  for (const { text, time } of linesOf(logsOf(view))) {
    if ((millis(time) ?? view.now) < since || ![400, 403, 404, 405].includes(statusIn(text) ?? 0)) continue
    const path =
      /"(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH|CONNECT|TRACE) (\/[^\s"]*)|["'](?:path|url|uri|request_uri|target)["']\s*:\s*["'](\/[^"']*)|\b(?:path|url|uri)=(\/\S*)/i.exec(
        text,
      )
    const named = path?.[1] ?? path?.[2] ?? path?.[3]
    if (named) found.set(named.replace(/\?.*$/, ''), (found.get(named.replace(/\?.*$/, '')) ?? 0) + 1)
  }
  return found
}
