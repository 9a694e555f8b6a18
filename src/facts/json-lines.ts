/** Records of one JSON object a line, as a crash or a bad disk may have left them. Pure. */

/** A line that cannot be read. */
export interface Damage {
  /** Counted from 1. */
  line: number
  /** Its length in bytes. */
  bytes: number
  /** What is the matter, in words. */
  why: string
  /** Objects that were whole in it all the same. */
  kept: number
}

export interface Lines {
  objects: Record<string, unknown>[]
  damage: Damage[]
  /** Whether something may be added right away; else the last line was cut and has to be ended first. */
  ended: boolean
}

/**
 * Takes the text of a file. A line that was cut, or that another line was written into, still gives the objects in it that are whole
 * and begin with `start` (the first characters of every line, such as `{"id":`).
 */
export function jsonLines(text: string, start: string): Lines {
  const lines: Lines = { objects: [], damage: [], ended: text === '' || text.endsWith('\n') }
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue
    const whole = objectOf(line)
    if (whole) {
      lines.objects.push(whole)
      continue
    }
    const found = pieces(line, start)
      .map(objectOf)
      .filter((object) => object !== undefined)
    lines.objects.push(...found)
    lines.damage.push({
      line: index + 1,
      bytes: Buffer.byteLength(line),
      why: line.startsWith(start) ? (found.length > 0 ? 'two lines run into one' : 'cut off') : 'not a line of this record',
      kept: found.length,
    })
  }
  return lines
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The line from each place where an object may begin to the next such place. */
function pieces(line: string, start: string): string[] {
  const at: number[] = []
  for (let from = line.indexOf(start); from >= 0; from = line.indexOf(start, from + 1)) at.push(from)
  return at.map((from, index) => line.slice(from, at[index + 1]))
}
