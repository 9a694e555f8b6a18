/** Check of who is refused: one source, or many. */
import { sourcesOf } from '../sources.ts'
import type { View } from '../view.ts'
import { type CheckResult, found, many, ok, some, unknown } from './result.ts'

/** Refusals of one source, and sources with a refusal, that are more than a mistake. */
const muchOfOne = 20
const manySources = 20

export function authSources(view: View): CheckResult {
  const { logs } = view.snapshot
  if (logs.state !== 'ok') return unknown(`cannot see logs: ${logs.state}, ${logs.reason}`)
  const sources = sourcesOf(view)
  if (sources.length === 0)
    return unknown('no line that was read names who was refused or served; whatever stands before the service may know')
  const refused = sources.filter((s) => s.refused > 0)
  if (refused.length === 0) return ok(`${many(sources.length, 'source')} in the logs, none of them refused`)
  const text = some(refused.map((s) => `${s.address} refused ${s.refused} times, served ${s.served}`))
  const never = refused[0]!.refused >= muchOfOne && refused[0]!.served === 0
  return never || refused.length >= manySources
    ? found(`${many(refused.length, 'source')} refused: ${text}`)
    : ok(`${many(refused.length, 'source')} refused, none often: ${text}`)
}
