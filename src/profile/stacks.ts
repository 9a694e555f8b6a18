/** Where a profile says that time or memory goes: by function, and as a tree of calls. Pure. */
import type { Frame, Profile } from './pprof.ts'

/** One function over all stacks. `total` counts it once a stack, however often it calls itself. */
export interface Hot {
  frame: Frame
  self: number
  total: number
}

/** A node of a flame graph: what was measured in it and in what it calls. Children are in order of their value. */
export interface Flame {
  name: string
  value: number
  children: Flame[]
}

/** Which of a profile's values to show: Go's profiles have several, and the last is the one in bytes or nanoseconds still in use. */
export const shownValue = (profile: Profile): number => profile.types.length - 1

/** The sum of one value over all samples. */
export const sumOf = (profile: Profile, value: number): number => profile.samples.reduce((sum, one) => sum + (one.values[value] ?? 0), 0)

/** Functions by their own share, then by their total: at most `most`. */
export function hottest(profile: Profile, value: number, most: number): Hot[] {
  const found = new Map<string, Hot>()
  for (const { stack, values } of profile.samples) {
    const measured = values[value] ?? 0
    if (measured === 0) continue
    const seen = new Set<string>()
    for (const [depth, frame] of stack.entries()) {
      const key = placeOf(frame)
      const hot = found.get(key) ?? { frame, self: 0, total: 0 }
      found.set(key, hot)
      if (depth === 0) hot.self += measured
      if (!seen.has(key)) hot.total += measured
      seen.add(key)
    }
  }
  return [...found.values()]
    .sort((a, b) => b.self - a.self || b.total - a.total || (placeOf(a.frame) < placeOf(b.frame) ? -1 : 1))
    .slice(0, most)
}

/** `name file:line`, or the name alone where nobody knows its file. */
export const placeOf = ({ name, file, line }: Frame): string =>
  file === '' ? name : `${name} ${shortFile(file)}${line > 0 ? `:${line}` : ''}`

/** The last three parts of a path: enough to find a file, and as much as fits beside a number. */
const shortFile = (file: string): string =>
  file
    .replace(/^file:\/\//, '')
    .split('/')
    .slice(-3)
    .join('/')

/** The samples as a tree from the outermost frame in. Branches below `least` of the whole are left out. */
export function flameOf(profile: Profile, value: number, least = 0.0005): Flame {
  interface Growing {
    value: number
    children: Map<string, Growing>
  }
  const root: Growing = { value: 0, children: new Map() }
  for (const { stack, values } of profile.samples) {
    const measured = values[value] ?? 0
    if (measured <= 0) continue
    root.value += measured
    let at = root
    for (let depth = stack.length - 1; depth >= 0; depth--) {
      const name = placeOf(stack[depth]!)
      const next = at.children.get(name) ?? { value: 0, children: new Map() }
      at.children.set(name, next)
      next.value += measured
      at = next
    }
  }
  const smallest = root.value * least
  const grown = (name: string, { value: sum, children }: Growing): Flame => ({
    name,
    value: sum,
    children: [...children]
      .filter(([, child]) => child.value >= smallest)
      .sort(([a, x], [b, y]) => y.value - x.value || (a < b ? -1 : 1))
      .map(([childName, child]) => grown(childName, child)),
  })
  return grown('all', root)
}
