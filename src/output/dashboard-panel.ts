/** One panel of a dashboard as HTML: a chart without text, and beside it in words what a person needs to read it. */
import type { SeenDashboard, SeenLine, SeenPanel, Stretch } from '../facts/dashboard.ts'
import type { Unit } from '../slo/dashboards.ts'
import { escapeXml } from './junit.ts'
import { clean } from './text.ts'

const width = 600
const height = 160
/** As many as colours that can be told apart. */
const mostLines = 8

const text = (raw: string): string => escapeXml(clean(raw))
const round = (value: number): number => Math.round(value * 10) / 10

/** A value in its unit: `12.5%`, `340 ms`, `1.2 MiB`, `3.4/s`. */
export function inUnit(value: number, unit: Unit): string {
  const plain = (number: number) => String(Number(number.toPrecision(3)))
  if (unit === 'percentunit') return `${plain(value * 100)}%`
  if (unit === 's') return Math.abs(value) < 1 ? `${plain(value * 1000)} ms` : `${plain(value)} s`
  if (unit === 'bytes') {
    const step = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.abs(value) || 1) / 10)))
    return `${plain(value / 1024 ** step)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][step]}`
  }
  const short = Math.abs(value) >= 10_000 ? `${plain(value / 1000)} k` : plain(value)
  return unit === 'none' ? short : `${short}/s`
}

/** The panel as a figure. A stretch without points is a gap; nothing to show is said in words. */
export function panelHtml(panel: SeenPanel, stretch: Stretch, marks: SeenDashboard['marks']): string {
  const measured = panel.lines.filter(({ points }) => points.some(([, value]) => Number.isFinite(value)))
  const moving = measured.filter((line) => highest(line) > 0)
  // What stays at nothing beside what does not is only counted. The order is by name, so that colours stay when it is drawn again.
  const shown = moving.length > 0 ? moving : measured
  const drawn = [...shown]
    .sort((a, b) => highest(b) - highest(a))
    .slice(0, mostLines)
    .sort((a, b) => a.name.localeCompare(b.name))
  const { low, high } = limits(drawn)
  const head = `<figcaption><b>${text(panel.title)}</b> <small>${text(panel.description)}</small></figcaption>`
  if (panel.trouble !== undefined)
    return `<figure class="panel">${head}<p class="empty">Could not be asked: ${text(panel.trouble)}</p></figure>`
  if (drawn.length === 0)
    return `<figure class="panel">${head}<p class="empty">${panel.lines.length > 0 ? 'Nothing happened that could be measured.' : 'No such series.'}</p></figure>`
  const axis = [high, (high + low) / 2, low].map((value) => `<span>${inUnit(value, panel.unit)}</span>`).join('')
  const keys = drawn.map((line, index) => `<li><i class="k${index}"></i>${text(line.name)} <b>${inUnit(last(line), panel.unit)}</b></li>`)
  if (shown.length > drawn.length) keys.push(`<li><small>and ${shown.length - drawn.length} more</small></li>`)
  if (measured.length > shown.length) keys.push(`<li><small>${measured.length - shown.length} at 0</small></li>`)
  return `<figure class="panel">${head}<div class="plot"><div class="scale">${axis}</div>${svg(drawn, stretch, marks, low, high, panel.title)}</div><div class="axis"><span>${clock(stretch.start, stretch)}</span><span>${clock(stretch.end, stretch)}</span></div><ul class="keys">${keys.join('')}</ul></figure>`
}

function svg(
  lines: readonly SeenLine[],
  { start, end, step }: Stretch,
  marks: SeenDashboard['marks'],
  low: number,
  high: number,
  title: string,
): string {
  const x = (at: number) => round(((at - start) / (end - start || 1)) * width)
  const y = (value: number) => round(height - 2 - ((value - low) / (high - low || 1)) * (height - 4))
  const upright = marks.map(({ at, kind }) => `<path class="${kind}" d="M${x(at)} 0V${height}"/>`).join('')
  const grid = [0.25, 0.5, 0.75].map((part) => `<path class="grid" d="M0 ${round(height * part)}H${width}"/>`).join('')
  const zero = low < 0 && high > 0 ? `<path class="zero" d="M0 ${y(0)}H${width}"/>` : ''
  const paths = lines.map((line, index) => {
    let path = ''
    let before = Number.NEGATIVE_INFINITY
    for (const [at, value] of line.points) {
      if (!Number.isFinite(value)) continue
      // A lone point gets a short stroke, or nobody would see it.
      path += at - before > 1.5 * step ? `M${x(at)} ${y(value)}h1` : `L${x(at)} ${y(value)}`
      before = at
    }
    return `<path class="line c${index}" d="${path}"/>`
  })
  return `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${text(title)}">${grid}${zero}${upright}${paths.join('')}</svg>`
}

/** From 0, or from below it where a value is; up to a round number above the highest. */
function limits(lines: readonly SeenLine[]): { low: number; high: number } {
  let low = 0
  let high = 0
  for (const { points } of lines)
    for (const [, value] of points) {
      if (!Number.isFinite(value)) continue
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  if (high === 0 && low === 0) return { low: 0, high: 1 }
  return { low: -rounded(-low), high: rounded(high) }
}

function rounded(value: number): number {
  if (value <= 0) return 0
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value * 0.9999)! * power
}

const highest = ({ points }: SeenLine): number => Math.max(0, ...points.map(([, value]) => (Number.isFinite(value) ? Math.abs(value) : 0)))
const last = ({ points }: SeenLine): number => points.findLast(([, value]) => Number.isFinite(value))?.[1] ?? Number.NEGATIVE_INFINITY
const clock = (at: number, { start, end }: Stretch): string => {
  const [day = '', time = ''] = new Date(at * 1000).toISOString().split('T')
  return end - start > 86_400 ? `${day} ${time.slice(0, 5)}` : time.slice(0, end - start > 3600 ? 5 : 8)
}
