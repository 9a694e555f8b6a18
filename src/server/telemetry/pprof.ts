import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

/** A profile as pprof wants it: stacks from the innermost frame out, each with as many values as there are types. */
export interface Profile {
  readonly types: ReadonlyArray<readonly [name: string, unit: string]>
  readonly samples: ReadonlyArray<{ readonly stack: readonly Frame[]; readonly values: readonly number[] }>
  readonly period: number
  /** Nanoseconds since 1970, and nanoseconds. */
  readonly startedAt: bigint
  readonly duration: bigint
}

export interface Frame {
  readonly name: string
  readonly file: string
  readonly line: number
}

/** Encodes a profile as gzipped protobuf (`perftools.profiles.Profile`, github.com/google/pprof/proto/profile.proto). */
export async function encodeProfile({ types, samples, period, startedAt, duration }: Profile): Promise<Buffer> {
  const strings = new Map<string, number>([['', 0]])
  const text = (value: string): number => {
    const known = strings.get(value)
    if (known !== undefined) return known
    strings.set(value, strings.size)
    return strings.size - 1
  }
  const locations = new Map<string, number>()
  const functions: Buffer[] = []
  const places: Buffer[] = []
  const place = ({ name, file, line }: Frame): number => {
    const key = `${name}\n${file}\n${line}`
    const known = locations.get(key)
    if (known !== undefined) return known
    const id = locations.size + 1
    locations.set(key, id)
    functions.push(
      message(5, number(1, id), number(2, text(name)), number(3, text(name)), number(4, text(file)), number(5, Math.max(line, 0))),
    )
    places.push(message(4, number(1, id), message(4, number(1, id), number(2, Math.max(line, 0)))))
    return id
  }
  const valueType = (field: number, [name, unit]: readonly [string, string]): Buffer =>
    message(field, number(1, text(name)), number(2, text(unit)))
  const parts = [
    ...types.map((type) => valueType(1, type)),
    ...samples.map(({ stack, values }) => message(2, packed(1, stack.map(place)), packed(2, values))),
    number(9, startedAt),
    number(10, duration),
    valueType(11, types.at(-1) ?? ['', '']),
    number(12, period),
  ]
  const table = [...strings.keys()].map((value) => bytes(6, Buffer.from(value)))
  return promisify(gzip)(Buffer.concat([...parts, ...places, ...functions, ...table]))
}

function varint(value: number | bigint): Buffer {
  const out: number[] = []
  let rest = BigInt(typeof value === 'number' ? Math.round(value) : value)
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    out.push(rest > 0n ? low | 0x80 : low)
  } while (rest > 0n)
  return Buffer.from(out)
}

const number = (field: number, value: number | bigint): Buffer => Buffer.concat([varint(field << 3), varint(value)])
const bytes = (field: number, value: Buffer): Buffer => Buffer.concat([varint((field << 3) | 2), varint(value.length), value])
const message = (field: number, ...parts: Buffer[]): Buffer => bytes(field, Buffer.concat(parts))
const packed = (field: number, values: readonly number[]): Buffer => bytes(field, Buffer.concat(values.map(varint)))
