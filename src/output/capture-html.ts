/** A bundle as one self-contained page: flame graphs to click through and to search, tables that need no script. */
import { placeOf } from '../profile/stacks.ts'
import { profileTitles } from './capture.ts'
import { amountOf, type BundleSummary, bytesText, type ProfileSummary } from './capture-summary.ts'
import { flameFigure, flamePolicy, flameScriptElement, flameStyle } from './flame.ts'
import { escapeXml } from './junit.ts'
import { style } from './page-style.ts'
import { clean } from './text.ts'
import { moment } from './time.ts'

/** A whole HTML document. Every text of the bundle is escaped; only its own script may run. */
export function capturePage(summary: BundleSummary): string {
  const { manifest, profiles, heaps, logs } = summary
  const { target } = manifest
  const title = `${target.namespace}/${target.workload}, ${moment(manifest.takenAt, '')}`
  const graphs = profiles.some((profile) => profile.total > 0) || heaps.length > 0
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">`,
    `<meta http-equiv="Content-Security-Policy" content="${flamePolicy}">`,
    `<title>Capture of ${text(title)}</title><style>${style}${flameStyle}</style></head><body>`,
    `<header><p class="word">CAPTURE</p><h1>${text(title)}</h1><p>${text(target.pods.join(', '))} on ${text(target.context)}</p></header>`,
    graphs
      ? '<p><label>Search the graphs: <input id="search" type="search" placeholder="name, file or pattern ( / )"></label></p>'
      : '<input id="search" type="hidden">',
    ...profiles.map(profileHtml),
    ...heaps.map(heapHtml),
    logs.length === 0
      ? ''
      : table(
          'Logs, lines that say the same together',
          ['#Lines', 'Container', 'First', 'For example'],
          logs.map(({ count, container, first, example }) => [
            `${count}`,
            container,
            first === undefined ? '' : moment(first, manifest.takenAt),
            example,
          ]),
        ),
    table(
      'In the bundle',
      ['#Size', 'File', 'From'],
      manifest.files.map(({ bytes, path, from, truncated }) => [bytesText(bytes), path, `${from}${truncated ? ' (cut)' : ''}`]),
    ),
    manifest.notTaken.length === 0
      ? ''
      : table(
          'Not got',
          ['What', 'From', 'Why'],
          manifest.notTaken.map(({ what, from, why }) => [what, from, why]),
        ),
    `<footer>task-mcp capture, taken ${moment(manifest.takenAt, '')} by task-mcp ${text(manifest.tool)}; every file is as its checksum says.</footer>`,
    graphs ? flameScriptElement : '',
    '</body></html>',
    '',
  ].join('\n')
}

const text = (raw: string): string => escapeXml(clean(raw))

/** A section with a table; a heading that begins with # is of numbers. */
function table(heading: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const kind = (at: number) => (columns[at]!.startsWith('#') ? ' class="number"' : '')
  const heads = columns.map((column, at) => `<th${kind(at)}>${text(column.replace(/^#/, ''))}</th>`)
  const body = rows.map((row) => `<tr>${row.map((cell, at) => `<td${kind(at)}>${text(cell)}</td>`).join('')}</tr>`)
  return `<section><h2>${text(heading)}</h2><div class="wide"><table class="plain"><thead><tr>${heads.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div></section>`
}

const share = (part: number, whole: number): string => `${((part / (whole || 1)) * 100).toFixed(1)}%`

function profileHtml(profile: ProfileSummary): string {
  const heading = `${profileTitles[profile.kind]}: ${profile.pod}`
  const { total, unit, seconds } = profile
  if (total === 0) return `<section><h2>${text(heading)}</h2><p>Nothing was measured.</p></section>`
  return [
    `<section><h2>${text(heading)}</h2><p><small>${amountOf(total, unit)}${seconds > 0 ? ` in ${seconds.toFixed(1)} s` : ''}. Click a frame to zoom in.</small></p>`,
    flameFigure(profile.flame, unit),
    '</section>',
    table(
      profile.kind === 'heap' ? 'Biggest allocators' : 'Hottest functions',
      ['#Self', '#Total', 'Function'],
      profile.hottest
        .filter(({ self }) => self > 0)
        .map(({ frame, self, total: all }) => [share(self, total), share(all, total), placeOf(frame)]),
    ),
  ].join('')
}

function heapHtml(heap: BundleSummary['heaps'][number]): string {
  return [
    `<section><h2>${text(`Heap: ${heap.pod}`)}</h2><p><small>${bytesText(heap.bytes)} in ${heap.objects} objects. Below each object is what only it keeps alive.</small></p>`,
    flameFigure(heap.flame, 'bytes'),
    '</section>',
    table(
      'Biggest retainers',
      ['#Keeps', 'Object', 'Reached by', 'Holds'],
      heap.retainers.map(({ retained, name, way, holds }) => [
        bytesText(retained),
        name,
        way,
        holds.map((held) => `${held.count} x ${held.name} ${bytesText(held.bytes)}`).join(', '),
      ]),
    ),
    table(
      'By kind',
      ['#Keep', '#Themselves', '#Count', 'Kind'],
      heap.kinds.map(({ retained, self, count, name }) => [bytesText(retained), bytesText(self), `${count}`, name]),
    ),
  ].join('')
}
