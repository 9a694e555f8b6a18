/** A bundle for people: what is in it, what is not, where time and memory go, what the logs say most. */
import type { CapturedWhat, Manifest } from '../facts/capture-manifest.ts'
import { placeOf } from '../profile/stacks.ts'
import { amountOf, type BundleSummary, bytesText, type ProfileSummary } from './capture-summary.ts'
import { columnsOf, counted, type Look, labelled } from './page.ts'
import { cut, pad } from './text.ts'
import { moment } from './time.ts'

/** What was taken, after `capture`. */
export function renderTaken(manifest: Manifest, file: string, bytes: number, sha256: string, look: Look): string {
  const lines = [
    ...labelled(look, 'Bundle', `${file} (${bytesText(bytes)}, ${counted(manifest.files.length, 'file')})`, look.style.green),
    ...labelled(look, 'SHA-256', sha256),
    ...inside(manifest, look),
    ...missing(manifest, look),
  ]
  const raw = manifest.files.some((one) => one.what === 'heap-snapshot')
  if (raw)
    lines.push(
      ...labelled(
        look,
        'Careful',
        'it holds a heap snapshot, which is the memory of the process with every secret in it: keep it to yourself',
        look.style.red,
      ),
    )
  lines.push(...labelled(look, 'Next', `task-mcp capture show ${file}`))
  return `${lines.join('\n')}\n`
}

const names: Readonly<Record<CapturedWhat, readonly [one: string, many: string]>> = {
  snapshot: ['snapshot', 'snapshots'],
  objects: ['kind of objects', 'kinds of objects'],
  events: ['file of events', 'files of events'],
  log: ['log', 'logs'],
  metrics: ['page of metrics', 'pages of metrics'],
  profile: ['profile', 'profiles'],
  'heap-snapshot': ['heap snapshot', 'heap snapshots'],
}

function inside({ files }: Manifest, look: Look): string[] {
  const groups = new Map<CapturedWhat, { count: number; bytes: number; cut: number }>()
  for (const { what, bytes, truncated } of files) {
    const group = groups.get(what) ?? { count: 0, bytes: 0, cut: 0 }
    groups.set(what, { count: group.count + 1, bytes: group.bytes + bytes, cut: group.cut + (truncated ? 1 : 0) })
  }
  const said = [...groups].map(
    ([what, { count, bytes, cut: short }]) =>
      `${counted(count, ...(names[what] ?? [what, what]))} (${bytesText(bytes)}${short > 0 ? `, ${short} cut` : ''})`,
  )
  return labelled(look, 'In it', said.join(', '))
}

function missing({ notTaken }: Manifest, look: Look): string[] {
  const groups = new Map<string, { from: string[]; next: string | undefined; what: string }>()
  for (const { what, from, why, next } of notTaken) {
    const group = groups.get(why) ?? { from: [], next, what }
    group.from.push(from)
    groups.set(why, group)
  }
  return [...groups].flatMap(([why, { from, next, what }]) => [
    ...labelled(
      look,
      'Not got',
      `${what === 'objects' ? '' : `${what} of `}${from.slice(0, 4).join('; ')}${from.length > 4 ? ` and ${from.length - 4} more` : ''}: ${why}`,
      look.style.yellow,
    ),
    ...(next === undefined ? [] : next.split('\n').flatMap((line) => labelled(look, '', line))),
  ])
}

/** A bundle's summary, for `capture show`. */
export function renderSummary(summary: BundleSummary, file: string, look: Look): string {
  const { manifest } = summary
  const { target } = manifest
  const lines = [
    look.style.bold(`${target.namespace}/${target.workload} on ${target.context}, ${moment(manifest.takenAt, '')}`),
    ...labelled(look, 'Pods', target.pods.join(', ')),
    ...inside(manifest, look),
    ...missing(manifest, look),
    ...labelled(
      look,
      'Checked',
      `all ${manifest.files.length} files are as they were taken; by task-mcp ${manifest.tool}`,
      look.style.green,
    ),
    ...summary.profiles.flatMap((profile) => ['', ...profileLines(profile, look)]),
    ...summary.heaps.flatMap((heap) => ['', ...heapLines(heap, look)]),
    ...logLines(summary, look),
    '',
    ...labelled(look, 'Next', `task-mcp diagnose --from ${file}`),
    ...labelled(look, '', `task-mcp capture show ${file} --html FILE   (flame graphs)`),
  ]
  return `${lines.join('\n')}\n`
}

export const profileTitles: Readonly<Record<ProfileSummary['kind'], string>> = {
  cpu: 'CPU time',
  wall: 'Time, waiting included',
  heap: 'Memory that was allocated and stayed',
}

function profileLines(profile: ProfileSummary, look: Look): string[] {
  const { unit, total, hottest } = profile
  const share = (value: number) => `${((value / (total || 1)) * 100).toFixed(1)}%`.padStart(6)
  const head = `${profileTitles[profile.kind]} of ${profile.pod}: ${amountOf(total, unit)}${profile.seconds > 0 ? ` in ${profile.seconds.toFixed(1)} s` : ''}`
  if (total === 0) return [look.style.bold(head), '  nothing was measured']
  return [
    look.style.bold(head),
    look.style.dim('    self   total'),
    ...hottest
      .filter(({ self }) => self > 0)
      .slice(0, look.verbose ? 15 : 8)
      .map(({ frame, self, total: all }) => `  ${share(self)}  ${share(all)}  ${cut(placeOf(frame), columnsOf(look) - 18)}`),
  ]
}

function heapLines(heap: BundleSummary['heaps'][number], look: Look): string[] {
  const room = columnsOf(look)
  return [
    look.style.bold(`Heap of ${heap.pod}: ${bytesText(heap.bytes)} in ${heap.objects} objects`),
    look.style.dim(`  ${pad('keeps', 10)}what keeps it alive`),
    ...heap.retainers
      .slice(0, look.verbose ? 15 : 6)
      .flatMap((one) => [
        `  ${pad(bytesText(one.retained), 10)}${cut(`${one.name}${one.way === '' || one.way === one.name ? '' : `  at ${one.way}`}`, room - 12)}`,
        ...(one.holds.length === 0
          ? []
          : [
              look.style.dim(
                `  ${pad('', 10)}${cut(`holds ${one.holds.map(({ name, count, bytes }) => `${count} x ${name} ${bytesText(bytes)}`).join(', ')}`, room - 12)}`,
              ),
            ]),
      ]),
    look.style.dim(`  ${pad('keep', 10)}by kind`),
    ...heap.kinds
      .slice(0, look.verbose ? 15 : 6)
      .map(
        (kind) =>
          `  ${pad(bytesText(kind.retained), 10)}${cut(`${kind.count} x ${kind.name}, ${bytesText(kind.self)} themselves`, room - 12)}`,
      ),
  ]
}

function logLines({ logs }: BundleSummary, look: Look): string[] {
  if (logs.length === 0) return []
  return [
    '',
    look.style.bold('Logs, lines that say the same together'),
    ...logs
      .slice(0, look.verbose ? logs.length : 8)
      .map(({ container, count, example }) => `  ${pad(String(count), 8)}${cut(`${container}: ${example}`, columnsOf(look) - 10)}`),
  ]
}
