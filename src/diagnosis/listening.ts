/** Ports on which programs say that they listen. Pure. */
import type { Pod } from '../facts/kubernetes/pod.ts'
import { type LogLine, linesOf } from './logs.ts'
import { logsOf, type View } from './view.ts'

const told = /\b(?:listen(?:ing|s)?|serving|ready|bound|started|running|up)\b[^\n]{0,60}?(?:\bport[ =:]+|:)(\d{2,5})\b/i

/** The line in which a container of a pod says that it listens, where it names other ports than `port` alone; undefined where it names that one, or none. */
export function listensElsewhere(view: View, pod: Pod, container: string, port: number): { port: number; line: LogLine } | undefined {
  const found = linesOf(logsOf(view, pod.metadata.name, container)).flatMap((line) => {
    const named = told.exec(line.text)?.[1]
    return named === undefined ? [] : [{ port: Number(named), line }]
  })
  return found.some((f) => f.port === port) ? undefined : found.at(-1)
}
