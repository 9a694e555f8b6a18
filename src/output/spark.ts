/** Small charts in text. A value that is not a finite number is a gap and is shown as one. */

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

interface Scale {
  min: number
  max: number
}

function scaleOf(values: readonly number[], given: Partial<Scale>): Scale {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  return { min: given.min ?? min, max: given.max ?? max }
}

/** 0..1 within the scale; a flat line lies on the floor, as does one whose range no double can hold. */
function height(value: number, { min, max }: Scale): number {
  const range = max - min
  return range > 0 && Number.isFinite(range) ? Math.min(1, Math.max(0, (value - min) / range)) : 0
}

/** One character for each value; a space for a gap. `min` and `max` fix the scale, else the values do. */
export function sparkline(values: readonly number[], given: Partial<Scale> = {}): string {
  const scale = scaleOf(values, given)
  return values.map((value) => (Number.isFinite(value) ? bars[Math.round(height(value, scale) * (bars.length - 1))] : ' ')).join('')
}

/** Bit of the dot at [column in the cell][row from the top] of a braille character. */
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const

/** A line chart of `columns` x `rows` braille characters, two values wide and four high each; gaps stay empty. */
export function brailleLine(values: readonly number[], columns: number, rows: number, given: Partial<Scale> = {}): string[] {
  const scale = scaleOf(values, given)
  const cells = Array.from({ length: rows }, () => new Array<number>(columns).fill(0))
  const across = columns * 2
  for (let x = 0; x < across; x++) {
    const value = values[Math.floor((x * values.length) / across)]
    if (value === undefined || !Number.isFinite(value)) continue
    const y = Math.round((1 - height(value, scale)) * (rows * 4 - 1))
    const row = cells[Math.floor(y / 4)]
    const bit = dots[x % 2 === 0 ? 0 : 1][y % 4]
    if (row && bit !== undefined) row[Math.floor(x / 2)]! |= bit
  }
  return cells.map((row) => String.fromCodePoint(...row.map((bits) => 0x2800 + bits)))
}

/** Values put on `count` even steps from `start` to `end` (unix seconds): the last point of each step, NaN where there is none. */
export function onSteps(points: readonly (readonly [number, number])[], start: number, end: number, count: number): number[] {
  const steps = new Array<number>(count).fill(Number.NaN)
  for (const [at, value] of points) {
    if (at < start || at > end) continue
    steps[Math.min(Math.floor(((at - start) / (end - start)) * count), count - 1)] = value
  }
  return steps
}
