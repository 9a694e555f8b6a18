import { readFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { main } from '../../src/cli.ts'
import { AbsentError, DeniedError, InterruptedError } from '../../src/errors.ts'
import type { Manifest } from '../../src/facts/capture-manifest.ts'
import { encodeProfile } from '../../src/server/telemetry/pprof.ts'
import type { Download, DownloadRequest } from '../../src/targets/ports.ts'
import { aShop, namespace, type Shop } from '../actions/shop.ts'
import { cli, type World } from '../support/world.ts'

const canary = 'CANARY-9f8e7d6c5b4a'
const token = 'debug-token-5f2c'

const profile = await encodeProfile({
  types: [['cpu', 'nanoseconds']],
  samples: [{ stack: [{ name: 'priceOf', file: '/app/price.ts', line: 7 }], values: [900_000_000] }],
  period: 1,
  startedAt: 0n,
  duration: 1_000_000_000n,
})

interface Given {
  answer?: (request: DownloadRequest) => Partial<Download> & { bytes?: Uint8Array }
  answers?: (boolean | string)[]
  signal?: AbortSignal
}

/** A shop whose pods have profiles, and a log with what must not get out. */
function aCapture(given: Given = {}): { shop: Shop; world: World; type: ReturnType<typeof cli>; asked: DownloadRequest[] } {
  const shop = aShop(given.answers === undefined ? {} : { answers: given.answers })
  const asked: DownloadRequest[] = []
  shop.cluster.logs = async ({ pod, previous }) => {
    if (previous) throw new AbsentError('previous terminated container not found')
    return `2026-03-01T11:59:00.000000000Z ${pod} starts\n2026-03-01T11:59:01.000000000Z {"level":"info","msg":"order taken","password":"${canary}","order":17}\n2026-03-01T11:59:02.000000000Z {"level":"info","msg":"order taken","password":"${canary}","order":18}\n`
  }
  const usual = shop.world.targets
  const world: World = {
    ...shop.world,
    ...(given.signal === undefined ? {} : { signal: given.signal }),
    targets: (settings) => ({
      ...usual(settings),
      downloads: async () => ({
        async download(request) {
          asked.push(request)
          const { bytes = profile, ...head } = given.answer?.(request) ?? {}
          const body = (async function* () {
            yield bytes
          })()
          return { status: 200, contentType: 'application/octet-stream', body, ...head }
        },
      }),
    }),
  }
  world.disk.set('/project/token', `${token}\n`)
  return { shop, world, type: cli(world), asked }
}

const bundle = '/project/b.tar.gz'
const bundled = (world: World): Buffer => Buffer.from(world.disk.get(bundle)!, 'latin1')
const unpacked = (world: World): string => gunzipSync(bundled(world)).toString('utf8')
const manifestOf = (out: string): Manifest => JSON.parse(out).manifest

const schema = JSON.parse(readFileSync(new URL('../../schemas/capture.schema.json', import.meta.url), 'utf8'))
const ajv = new Ajv2020({ allErrors: true })
ajv.addFormat('date-time', (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text))
const valid = ajv.compile(schema)

test('--json of both commands is as the schema says', async () => {
  const { type } = aCapture({ answer: ({ path }) => (path.includes('wall') ? { status: 404 } : {}) })
  for (const words of [
    ['capture', '--out', 'b.tar.gz'],
    ['capture', 'show', 'b.tar.gz'],
  ]) {
    valid(JSON.parse((await type(...words, '--json')).out))
    expect(valid.errors ?? []).toEqual([])
  }
})

describe('taking a bundle', () => {
  test('holds what was asked for, says how much, and leaves nothing else behind', async () => {
    const { type, world, asked } = aCapture()
    const before = new Set(world.disk.keys())
    const { code, out } = await type('capture', '--out', 'b.tar.gz', '--seconds', '2', '--debug-token-file', 'token', '--json')
    expect(code).toBe(0)
    const { files, notTaken, target } = manifestOf(out)
    expect(target).toMatchObject({ namespace, workload: 'checkout' })
    expect(target.pods).toHaveLength(1)
    expect(files.filter(({ what }) => what === 'profile').map(({ profile: kind }) => kind)).toEqual(['cpu', 'heap', 'wall'])
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['snapshot.json', 'objects/deployments.json', `logs/${target.pods[0]}/web.log`]),
    )
    expect(files.map(({ path }) => path)).toEqual(files.map(({ path }) => path).toSorted())
    expect(notTaken.filter(({ what }) => what === 'profile')).toEqual([])
    expect(asked.map(({ path, way }) => [path, way])).toEqual([
      ['/debug/pprof/profile?seconds=2', 'forward'],
      ['/debug/pprof/wall?seconds=2', 'forward'],
      ['/debug/pprof/heap?seconds=2', 'forward'],
    ])
    expect(asked[0]!.headers).toEqual({ authorization: `Bearer ${token}` })
    expect([...world.disk.keys()].filter((file) => !before.has(file))).toEqual([bundle])
  })

  test('nothing secret is in it', async () => {
    const { type, world } = aCapture()
    await type('capture', '--all', '--out', 'b.tar.gz', '--debug-token-file', 'token')
    expect(unpacked(world)).toContain('"order":17')
    expect(unpacked(world)).not.toContain(canary)
    expect(unpacked(world)).not.toContain(token)
  })

  test('one pod by its name, also as pod/NAME; every pod with --all', async () => {
    const { type, shop } = aCapture()
    const [first] = shop.cluster.all('pods').filter(({ metadata }) => metadata.labels?.app === 'checkout')
    for (const word of [first!.metadata.name, `pod/${first!.metadata.name}`]) {
      const { out } = await type('capture', word, '--out', `${word.length}.tar.gz`, '--profile', 'none', '--json')
      expect(manifestOf(out).target.pods).toEqual([first!.metadata.name])
    }
    const { out } = await type('capture', '--all', '--out', 'b.tar.gz', '--profile', 'none', '--json')
    expect(manifestOf(out).target.pods).toHaveLength(3)
  })

  test('what could not be got is said, with what to do', async () => {
    const { type } = aCapture({ answer: () => ({ status: 401, bytes: Buffer.from('no') }) })
    const { code, out } = await type('capture', '--out', 'b.tar.gz', '--profile', 'cpu')
    expect(code).toBe(0)
    expect(out).toMatch(/Not got\s+profile of pod\/checkout\S+ cpu: port 8080 of pod\s+\S+\s+wants a\s+token/)
    expect(out).toContain('--debug-token-file')
  })

  test('where forwarding is refused, the proxy is asked; with a token it cannot serve', async () => {
    const answer = ({ way }: DownloadRequest) => {
      if (way === 'forward') throw new DeniedError('jo may not get pods/portforward', 'this rule would allow it')
      return {}
    }
    const open = aCapture({ answer })
    expect(manifestOf((await open.type('capture', '--out', 'b.tar.gz', '--profile', 'cpu', '--json')).out).notTaken).toEqual([])
    const closed = aCapture({ answer })
    const { out } = await closed.type('capture', '--out', 'b.tar.gz', '--profile', 'cpu', '--debug-token-file', 'token', '--json')
    expect(manifestOf(out).notTaken).toMatchObject([
      { what: 'profile', why: 'jo may not get pods/portforward', next: 'this rule would allow it' },
    ])
  })

  test('metrics that are not on the listener of the service are asked where the profiles are', async () => {
    const { type, shop, world } = aCapture({ answer: ({ path }) => (path === '/metrics' ? { bytes: Buffer.from('up 1\n') } : {}) })
    shop.cluster.answers = () => ({ status: 404, body: 'no', seconds: 0, contentType: 'text/plain' })
    const { out } = await type('capture', '--out', 'b.tar.gz', '--profile', 'none', '--json')
    expect(manifestOf(out).files.map(({ what }) => what)).toContain('metrics')
    expect(unpacked(world)).toContain('up 1\n')
  })

  test('the same look makes the same bytes', async () => {
    const [one, other] = [aCapture(), aCapture()]
    // Fingerprints are salted anew for each look; nothing of the snapshot differs but for them.
    for (const { type } of [one, other]) await type('capture', '--out', 'b.tar.gz', '--profile', 'cpu')
    const names = ({ world }: typeof one) =>
      [...unpacked(world).matchAll(/capture\/[\w/.-]+/g)].map(([name]) => name.replace(/checkout-[\w-]+/, ''))
    expect(names(one)).toEqual(names(other))
  })

  test('a file that is there is not written over', async () => {
    const { type, world } = aCapture()
    world.disk.set(bundle, 'mine')
    expect((await type('capture', '--out', 'b.tar.gz')).code).toBe(2)
    expect(world.disk.get(bundle)).toBe('mine')
  })
})

describe('bounds', () => {
  test('what does not fit is left out and said; the rest is whole', async () => {
    const { type, world } = aCapture({ answer: () => ({ bytes: Buffer.alloc(3 * 1024 * 1024, 1) }) })
    const { code, out } = await type('capture', '--out', 'b.tar.gz', '--profile', 'cpu', '--max-size', '2Mi', '--json')
    expect(code).toBe(0)
    expect(manifestOf(out).notTaken).toMatchObject([{ what: 'profile', why: expect.stringContaining('--max-size') }])
    expect((await cli(world)('capture', 'show', 'b.tar.gz')).code).toBe(0)
  })

  test.each([
    ['--max-size', '12'],
    ['--max-size', 'plenty'],
    ['--seconds', '0'],
    ['--seconds', '600'],
    ['--profile', 'cpu,disk'],
    ['--profile', ''],
    ['--debug-token-file', 'nowhere'],
  ])('%s %s is refused before anything is asked', async (...words) => {
    const { type, shop } = aCapture()
    expect((await type('capture', ...words)).code).toBe(2)
    expect(shop.cluster.stats.requests).toBe(0)
  })

  test('Ctrl-C leaves no file, neither half nor whole', async () => {
    const stop = new AbortController()
    const { world } = aCapture({
      signal: stop.signal,
      answer: () => {
        stop.abort(new InterruptedError())
        throw new InterruptedError()
      },
    })
    const before = new Set(world.disk.keys())
    expect(await main(['capture', '--out', 'b.tar.gz', '--all'], world)).toBe(130)
    expect([...world.disk.keys()].filter((file) => !before.has(file))).toEqual([])
  })
})

describe('a heap snapshot', () => {
  const heap = Buffer.from('{"snapshot":{}}')
  const words = ['capture', '--out', 'b.tar.gz', '--profile', 'none', '--heap-snapshot']

  test('is not taken without a yes', async () => {
    const alone = aCapture()
    const refused = await alone.type(...words)
    expect(refused.code).toBe(7)
    expect(refused.err).toMatch(/stops the process/)
    expect(alone.shop.cluster.stats.requests).toBe(0)
    const asked = aCapture({ answers: [false] })
    expect((await asked.type(...words)).code).toBe(7)
    expect(asked.asked).toEqual([])
  })

  test('is taken last, and its danger is said', async () => {
    const { type, asked } = aCapture({ answer: () => ({ bytes: heap }) })
    const { code, out } = await type('capture', '--out', 'b.tar.gz', '--heap-snapshot', '--yes')
    expect(code).toBe(0)
    expect(asked.at(-1)!.path).toBe('/debug/pprof/heapsnapshot')
    expect(out).toMatch(/every\s+secret in it/)
  })
})

describe('showing a bundle', () => {
  async function taken() {
    const capture = aCapture()
    await capture.type('capture', '--out', 'b.tar.gz', '--profile', 'cpu')
    return capture
  }

  test('where time goes, and what the logs say', async () => {
    const { type } = await taken()
    const { code, out } = await type('capture', 'show', 'b.tar.gz')
    expect(code).toBe(0)
    expect(out).toMatch(/100\.0%\s+100\.0%\s+priceOf \/?app\/price\.ts:7/)
    expect(out).toMatch(/Checked\s+all \d+ files are as they were taken/)
    expect(out).toMatch(/2\s+web: info order taken/)
  })

  test('as a page that asks no network and runs its own script alone', async () => {
    const { type, world } = await taken()
    await type('capture', 'show', 'b.tar.gz', '--html', 'page.html')
    const page = world.disk.get('/project/page.html')!
    expect(page).toContain('priceOf')
    expect(page).not.toMatch(/https?:\/\/|@import|url\(|<script src/)
    expect(page).toMatch(/script-src 'sha256-[\w+/]+=*'"/)
  })

  test('diagnose --from judges the snapshot inside', async () => {
    const { type, world } = await taken()
    const { out } = await type('diagnose', 'service-downtime', '--from', 'b.tar.gz', '--json')
    const verdict = JSON.parse(out)
    expect(verdict.target).toMatchObject({ namespace, workload: 'checkout' })
    const text = /\{"schemaVersion":1,"tool".*\}/.exec(unpacked(world))![0]
    world.disk.set('/project/snapshot.json', text)
    expect((await type('diagnose', 'service-downtime', '--from', 'snapshot.json', '--json')).out).toBe(out)
  })

  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['cut off', (bytes) => bytes.subarray(0, bytes.length - 50), /is cut off/],
    [
      'with a changed log',
      (bytes) => gzipSync(Buffer.from(gunzipSync(bytes).toString('latin1').replace('"order":17', '"order":71'), 'latin1')),
      /was changed after it was taken: the content of logs/,
    ],
    [
      'with a file more',
      (bytes) => gzipSync(Buffer.from(gunzipSync(bytes).toString('latin1').replace('"snapshot.json"', '"snapshot.jsom"'), 'latin1')),
      /was changed|in its manifest/,
    ],
    ['packed, but something else', () => gzipSync('hello'), /not a bundle|cut off/],
    ['not packed', () => Buffer.from('hello'), /not a bundle/],
    ['empty', () => Buffer.from(''), /cut off|not a bundle/],
    [
      'of another version',
      (bytes) => gzipSync(Buffer.from(gunzipSync(bytes).toString('latin1').replace('"schemaVersion": 1', '"schemaVersion": 9'), 'latin1')),
      /version 9/,
    ],
  ])('%s: one clear message, exit 2', async (_how, spoil, said) => {
    const { type, world } = await taken()
    world.disk.set(bundle, spoil(bundled(world)).toString('latin1'))
    const { code, out, err } = await type('capture', 'show', 'b.tar.gz')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(said)
  })
})

describe('restart --capture', () => {
  test('keeps what is known first, then restarts', async () => {
    const { type, world } = aCapture()
    const { code, err } = await type('restart', '--capture', '--yes')
    expect(code).toBe(0)
    const kept = [...world.disk.keys()].filter((file) => /^\/project\/capture-checkout-.*\.tar\.gz$/.test(file))
    expect(kept).toHaveLength(1)
    expect(err).toContain(kept[0])
  })

  test('restarts nothing when it cannot be kept', async () => {
    const { type, world, shop } = aCapture()
    world.files.writeBytes = async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write' })
    }
    const before = JSON.stringify(shop.deployment().spec.template)
    expect((await type('restart', '--capture', '--yes')).code).not.toBe(0)
    expect(JSON.stringify(shop.deployment().spec.template)).toBe(before)
  })

  test('a dry run keeps nothing', async () => {
    const { type, world } = aCapture()
    await type('restart', '--capture', '--dry-run')
    expect([...world.disk.keys()].some((file) => file.endsWith('.tar.gz'))).toBe(false)
  })
})
