import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { decodeProfile, type Profile } from '../../src/profile/pprof.ts'
import { flameOf, hottest, sumOf } from '../../src/profile/stacks.ts'
import { encodeProfile } from '../../src/server/telemetry/pprof.ts'

const frame = (name: string, line = 1) => ({ name, file: `file:///app/src/shop/${name}.ts`, line })
const [main, cart, price, tax] = ['main', 'cart', 'price', 'tax'].map((name) => frame(name)) as [Frame, Frame, Frame, Frame]
type Frame = ReturnType<typeof frame>

async function written(samples: { stack: Frame[]; values: number[] }[]): Promise<Buffer> {
  const packed = await encodeProfile({
    types: [
      ['samples', 'count'],
      ['cpu', 'nanoseconds'],
    ],
    samples,
    period: 1_000_000,
    startedAt: 1_700_000_000_000_000_000n,
    duration: 2_000_000_000n,
  })
  return gunzipSync(packed)
}

const samples = [
  { stack: [price, cart, main], values: [3, 30_000_000] },
  { stack: [tax, price, cart, main], values: [5, 50_000_000] },
  { stack: [cart, main], values: [2, 20_000_000] },
]

test('a profile of the server is read back as it was written', async () => {
  const profile = decodeProfile(await written(samples), 'cpu.pb.gz')
  expect(profile.types).toEqual([
    { name: 'samples', unit: 'count' },
    { name: 'cpu', unit: 'nanoseconds' },
  ])
  expect(profile.samples).toEqual(samples)
  expect(profile.seconds).toBe(2)
})

test('numbers beyond 32 bits, and below zero as ten bytes, are read', () => {
  const bytes = Buffer.from([
    // types: name 1, unit 1; strings "" and "n"
    ...[0x0a, 4, 0x08, 1, 0x10, 1, 0x32, 0, 0x32, 1, 0x6e],
    // a sample without a stack: -1 and 2^40, unpacked as old writers do
    ...[0x12, 18, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
  ])
  expect(decodeProfile(bytes, 'x').samples).toEqual([{ stack: [], values: [-1, 2 ** 40] }])
})

describe('where time goes', () => {
  test('functions by their own share, each counted once a stack', async () => {
    const again = { stack: [price, price, cart, main], values: [1, 5_000_000] }
    const profile = decodeProfile(await written([...samples, again]), 'x')
    const [first, second] = hottest(profile, 1, 10)
    expect(first).toMatchObject({ frame: tax, self: 50_000_000, total: 50_000_000 })
    expect(second).toMatchObject({ frame: price, self: 35_000_000, total: 85_000_000 })
    expect(sumOf(profile, 1)).toBe(105_000_000)
  })

  test('the tree holds as much as the samples, and drops what is too small to see', async () => {
    const crumb = { stack: [tax, main], values: [1, 1000] }
    const tree = flameOf(decodeProfile(await written([...samples, crumb]), 'x'), 1)
    expect(tree.value).toBe(100_001_000)
    expect(tree.children.map(({ name }) => name)).toEqual(['main src/shop/main.ts:1'])
    expect(tree.children[0]!.children.map(({ value }) => value)).toEqual([100_000_000])
  })
})

describe('what is no profile', () => {
  test('cut off anywhere: one clear error or less of the profile, never a crash', async () => {
    const whole = await written(samples)
    for (let length = 0; length < whole.length; length++) {
      try {
        const profile: Profile = decodeProfile(whole.subarray(0, length), 'cpu.pb.gz')
        expect(profile.types.length).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError)
        expect((error as Error).message).toContain('cpu.pb.gz')
      }
    }
  })

  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeProfile(bytes, 'x')
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError)
        }
      }),
    )
  })
})
