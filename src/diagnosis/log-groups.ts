/** Log lines of many pods put together by what they say. Pure. */
import type { LogExcerpt } from '../facts/snapshot.ts'
import { linesOf, patterns, templateOf } from './logs.ts'
import { millis } from './time.ts'

export interface LogGroup {
  level: 'error' | 'warning' | 'other'
  template: string
  count: number
  pods: string[]
  containers: string[]
  /** RFC 3339, where the runtime gave times. */
  first: string | undefined
  last: string | undefined
  /** The newest line, redacted. */
  example: string
}

const warning = /\bwarn(?:ing)?\b|"level":\s*(40|"warn(?:ing)?")/i
const order = { error: 0, warning: 1, other: 2 } as const

const levelOf = (text: string): LogGroup['level'] => (patterns.error.test(text) ? 'error' : warning.test(text) ? 'warning' : 'other')

/** Groups of lines, errors first, then warnings, each the most frequent first. `only` keeps lines that match. */
export function logGroups(excerpts: readonly LogExcerpt[], only?: RegExp): LogGroup[] {
  const groups = new Map<string, LogGroup & { podSet: Set<string>; containerSet: Set<string> }>()
  for (const line of linesOf(excerpts)) {
    if (only && !only.test(line.text)) continue
    const template = templateOf(line.text)
    const known = groups.get(template)
    const earlier = (a: string | undefined, b: string | undefined) =>
      (millis(a) ?? Number.POSITIVE_INFINITY) <= (millis(b) ?? Number.POSITIVE_INFINITY) ? a : b
    if (!known) {
      groups.set(template, {
        level: levelOf(line.text),
        template,
        count: 1,
        pods: [],
        containers: [],
        podSet: new Set([line.pod]),
        containerSet: new Set([line.container]),
        first: line.time,
        last: line.time,
        example: line.text,
      })
      continue
    }
    known.count++
    known.podSet.add(line.pod)
    known.containerSet.add(line.container)
    known.first = earlier(known.first, line.time)
    if (known.last === undefined || (line.time !== undefined && (millis(line.time) ?? 0) >= (millis(known.last) ?? 0))) {
      known.last = line.time
      known.example = line.text
    }
  }
  return [...groups.values()]
    .map(({ podSet, containerSet, ...group }) => ({ ...group, pods: [...podSet].sort(), containers: [...containerSet].sort() }))
    .sort((a, b) => order[a.level] - order[b.level] || b.count - a.count || (a.template < b.template ? -1 : 1))
}
