/** What a bundle shows: its profiles and heaps worked out, its logs grouped. */
import { gunzipSync } from 'node:zlib'
import type { Files } from '../context.ts'
import { templateOf } from '../diagnosis/logs.ts'
import { UsageError } from '../errors.ts'
import type { CapturedFile, ProfileKind } from '../facts/capture-manifest.ts'
import { bytesOf, readBundle } from '../facts/capture-read.ts'
import type { BundleSummary, LogGroup, ProfileSummary } from '../output/capture-summary.ts'
import { HeapReader } from '../profile/heap-reader.ts'
import { summarizeHeap } from '../profile/heap-summary.ts'
import { decodeProfile } from '../profile/pprof.ts'
import { flameOf, hottest, shownValue, sumOf } from '../profile/stacks.ts'

/** A profile is a few hundred kilobytes; what unpacks to more than this is not one. */
const largestProfile = 256 * 1024 * 1024
const largestPacked = 64 * 1024 * 1024
const mostFunctions = 15
const mostGroups = 12

/** Reads a bundle once, from its beginning to its end, and keeps its summary. */
export async function summarizeBundle(files: Files, path: string, name: string): Promise<BundleSummary> {
  const profiles: ProfileSummary[] = []
  const heaps: BundleSummary['heaps'] = []
  const logs = new LogGroups()
  const manifest = await readBundle(files, path, name, async (file, body) => {
    if (file.what === 'profile') profiles.push(profileOf(file, await packedProfile(file, body, name), name))
    else if (file.what === 'heap-snapshot') {
      const reader = new HeapReader(`${file.path} in ${name}`)
      for await (const piece of body) reader.push(piece)
      heaps.push({ pod: file.pod ?? '', ...summarizeHeap(reader.finish()) })
    } else if (file.what === 'log') await logs.read(file, body)
  })
  return { manifest, profiles, heaps, logs: logs.most(mostGroups) }
}

async function packedProfile(file: CapturedFile, body: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const odd = (error?: unknown) => new UsageError(`${file.path} in ${name} is not a profile`, 'take it again', { cause: error })
  if (file.bytes > largestPacked) throw odd()
  const bytes = await bytesOf(body)
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: largestProfile })
  } catch (error) {
    throw odd(error)
  }
}

function profileOf(file: CapturedFile, bytes: Uint8Array, name: string): ProfileSummary {
  const profile = decodeProfile(bytes, `${file.path} in ${name}`)
  const value = shownValue(profile)
  return {
    pod: file.pod ?? '',
    kind: file.profile ?? ('cpu' satisfies ProfileKind),
    unit: profile.types[value]?.unit ?? '',
    seconds: profile.seconds,
    total: sumOf(profile, value),
    hottest: hottest(profile, value, mostFunctions),
    flame: flameOf(profile, value),
  }
}

/** Lines of logs by their template, with counts and times. What is kept is bounded by the number of templates. */
class LogGroups {
  static readonly mostTemplates = 20_000
  readonly #groups = new Map<string, LogGroup>()

  async read(file: CapturedFile, body: AsyncIterable<Uint8Array>): Promise<void> {
    const text = (await bytesOf(body)).toString('utf8')
    const container = file.path
      .split('/')
      .at(-1)!
      .replace(/\.log$/, '')
    for (const line of text.split('\n')) {
      if (line === '') continue
      const [, time, raw = line] = /^(\d{4}-\d{2}-\d{2}T[\d:.]+Z) (.*)$/.exec(line) ?? []
      const said = spoken(raw)
      const key = `${container}\n${templateOf(said)}`
      const group = this.#groups.get(key)
      if (group !== undefined) {
        group.count++
        if (time !== undefined && time < (group.first ?? '~')) group.first = time
        if (time !== undefined && time > (group.last ?? '')) group.last = time
      } else if (this.#groups.size < LogGroups.mostTemplates) {
        this.#groups.set(key, { container, count: 1, first: time, last: time, example: said.slice(0, 400) })
      }
    }
  }

  most(count: number): LogGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count || (a.example < b.example ? -1 : 1)).slice(0, count)
  }
}

/**
 * What a line of JSON says, without what differs from line to line: its level, its message, its error. Other lines as they are. Found
 * by pattern, since a line whose password was taken out is no JSON any more.
 */
function spoken(line: string): string {
  if (!line.startsWith('{')) return line
  const field = (names: string): string | undefined => new RegExp(`"(?:${names})":"((?:[^"\\\\]|\\\\.)*)"`).exec(line)?.[1]
  const message = field('msg|message|event')
  if (message === undefined) return line
  return [field('level|severity'), message, field('err|error|reason')].filter((word) => word !== undefined).join(' ')
}
