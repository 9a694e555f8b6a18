/** Charts as SVG without text: words stand beside them in HTML, where they stay readable at any width. */

export interface Chart {
  title: string
  unit: 'ratio' | 'seconds' | 'rate'
  /** [unix seconds, value], in order of time. */
  points: readonly (readonly [number, number])[]
  threshold: number | undefined
}

/** The stretch of time that every chart of a page shares, in unix seconds. */
export interface Span {
  start: number
  end: number
}

/** Something at a moment, in unix seconds. */
export interface Mark {
  at: number
  kind: 'change' | 'restart' | 'onset' | 'end'
}

const width = 600
const height = 120
const stripHeight = 24

const x = (at: number, { start, end }: Span): number => round(((at - start) / (end - start || 1)) * width)
const round = (value: number): number => Math.round(value * 10) / 10

/** A value of a chart for people: `15.8%`, `394 ms`, `12/s`. */
export function measure(value: number, unit: Chart['unit']): string {
  if (unit === 'rate') return `${Number(value.toPrecision(3))}/s`
  return unit === 'ratio' ? `${Number((value * 100).toPrecision(3))}%` : `${Number((value * 1000).toPrecision(3))} ms`
}

/** A line with gaps where figures are missing, its threshold, and the marks as upright lines. `title` is for screen readers. */
export function lineChart(chart: Chart, span: Span, marks: readonly Mark[], title: string): string {
  const inside = chart.points.filter(([at, value]) => at >= span.start && at <= span.end && Number.isFinite(value))
  const top = topOf(chart)
  const y = (value: number): number => round(height - (Math.min(value, top) / top) * (height - 4) - 2)
  const paths = pieces(inside).map((piece) => {
    // On a level stretch only its ends are drawn.
    const corners = piece.filter(([, value], index) => value !== piece[index - 1]?.[1] || value !== piece[index + 1]?.[1])
    const line = corners.map(([at, value]) => `${x(at, span)} ${y(value)}`).join('L')
    const [first, last] = [piece[0]!, piece.at(-1)!]
    return `<path class="area" d="M${x(first[0], span)} ${height}L${line}L${x(last[0], span)} ${height}Z"/><path class="line" d="M${line}"/>`
  })
  const threshold = chart.threshold === undefined ? '' : `<path class="threshold" d="M0 ${y(chart.threshold)}H${width}"/>`
  return frame(`${uprights(span, marks)}${threshold}${paths.join('')}`, height, title)
}

/** The marks alone, for a page that has no measurements. */
export function markStrip(span: Span, marks: readonly Mark[], title: string): string {
  return frame(uprights(span, marks), stripHeight, title, ' class="strip"')
}

const frame = (inside: string, high: number, title: string, more = ''): string =>
  `<svg${more} viewBox="0 0 ${width} ${high}" preserveAspectRatio="none" role="img" aria-label="${title}">${inside}</svg>`

const uprights = (span: Span, marks: readonly Mark[]): string =>
  marks
    .filter(({ at }) => at >= span.start && at <= span.end)
    .map(({ at, kind }) => `<path class="${kind}" d="M${x(at, span)} 0V${height}"/>`)
    .join('')

/** The highest value that a chart has room for: its own or its threshold, and a little more; a ratio ends at 1. */
export function topOf(chart: Chart): number {
  const highest = Math.max(0, chart.threshold ?? 0, ...chart.points.map(([, value]) => value).filter(Number.isFinite))
  const room = highest > 0 ? highest * 1.1 : 1
  return chart.unit === 'ratio' && highest <= 1 ? Math.min(1, room) : room
}

/** Points in runs without a gap: one is where the next point is much later than the usual step. */
function pieces(points: Chart['points']): Chart['points'][] {
  const steps = points.slice(1).map(([at], index) => at - points[index]![0])
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0
  const runs: (readonly [number, number])[][] = []
  for (const [index, point] of points.entries()) {
    const gap = index === 0 || point[0] - points[index - 1]![0] > usual * 2.5
    if (gap) runs.push([point])
    else runs.at(-1)!.push(point)
  }
  return runs.map((run) => (run.length === 1 ? [run[0]!, [run[0]![0] + usual, run[0]![1]]] : run))
}
