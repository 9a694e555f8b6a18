/** Reads profiles in pprof's format (github.com/google/pprof/proto/profile.proto), whoever took them: Node, Go, or anything else. */
import { UsageError } from '../errors.ts'

export interface Frame {
  name: string
  file: string
  line: number
}

export interface Profile {
  /** What each sample counts, for example ["cpu", "nanoseconds"]; `values` of samples are in this order. */
  types: { name: string; unit: string }[]
  /** Frames from the innermost out. */
  samples: { stack: readonly Frame[]; values: number[] }[]
  /** Seconds that were sampled; 0 where the profile does not say. */
  seconds: number
}

/** Reads an unpacked (not gzipped) profile. `what` names it in the UsageError for bytes that are none. */
export function decodeProfile(bytes: Uint8Array, what: string): Profile {
  try {
    return decode(bytes)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new UsageError(`${what} is not a whole profile in pprof's format: ${error.message}`, 'take it again', { cause: error })
  }
}

interface RawSample {
  locations: number[]
  values: number[]
}

function decode(bytes: Uint8Array): Profile {
  const strings: string[] = []
  const types: [number, number][] = []
  const samples: RawSample[] = []
  const functions = new Map<number, { name: number; file: number }>()
  const locations = new Map<number, { function: number; line: number }[]>()
  let nanoseconds = 0
  const text = new TextDecoder()
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) types.push(valueType(field))
    else if (field.number === 2) samples.push(sampleOf(field))
    else if (field.number === 4) {
      const { id, lines } = locationOf(field)
      locations.set(id, lines)
    } else if (field.number === 5) {
      const [id = 0, name = 0, , file = 0] = numbersOf(field, 4)
      functions.set(id, { name, file })
    } else if (field.number === 6) strings.push(text.decode(field.bytes))
    else if (field.number === 10) nanoseconds = field.value
  }
  if (types.length === 0 || strings.length === 0) throw new RangeError('it names nothing that was measured')
  const framesAt = new Map<number, Frame[]>()
  for (const [id, lines] of locations)
    framesAt.set(
      id,
      lines.map(({ function: by, line }) => {
        const known = functions.get(by)
        return { name: strings[known?.name ?? 0] || '(unknown)', file: strings[known?.file ?? 0] ?? '', line }
      }),
    )
  return {
    types: types.map(([name, unit]) => ({ name: strings[name] ?? '', unit: strings[unit] ?? '' })),
    samples: samples.map(({ locations: at, values }) => ({ stack: at.flatMap((id) => framesAt.get(id) ?? []), values })),
    seconds: nanoseconds / 1e9,
  }
}

interface Field {
  number: number
  /** Of a number; 0 for bytes. */
  value: number
  /** Of a message, a string or packed numbers; empty for a number. */
  bytes: Uint8Array
}

const nothing = new Uint8Array()

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const at = { offset: 0 }
  while (at.offset < bytes.length) {
    const key = varint(bytes, at)
    const number = Math.floor(key / 8)
    const kind = key % 8
    if (kind === 0) yield { number, value: varint(bytes, at), bytes: nothing }
    else if (kind === 2) {
      const length = varint(bytes, at)
      if (length < 0 || at.offset + length > bytes.length) throw new RangeError('it ends in the middle of a field')
      yield { number, value: 0, bytes: bytes.subarray(at.offset, at.offset + length) }
      at.offset += length
    } else if (kind === 1) at.offset += 8
    else if (kind === 5) at.offset += 4
    else throw new RangeError(`it has a field of kind ${kind}`)
  }
}

/** Bits of a number's lower part; the upper part has the other 15 of 64, so that both are exact. */
const lower = 49

/** A number in base 128, as a signed 64 bit number; exact up to 2^53. */
function varint(bytes: Uint8Array, at: { offset: number }): number {
  let low = 0
  let high = 0
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = bytes[at.offset++]
    if (byte === undefined) throw new RangeError('it ends in the middle of a number')
    if (shift < lower) low += (byte & 0x7f) * 2 ** shift
    else high += (byte & 0x7f) * 2 ** (shift - lower)
    if (byte < 0x80) {
      const signed = (high % 2 ** 15) - (high & 0x4000 ? 2 ** 15 : 0)
      return signed * 2 ** lower + low
    }
  }
  throw new RangeError('it has a number of more than 64 bits')
}

/** Numbers of a repeated field, packed or one by one. */
function several(field: Field): number[] {
  if (field.bytes.length === 0) return [field.value]
  const at = { offset: 0 }
  const values: number[] = []
  while (at.offset < field.bytes.length) values.push(varint(field.bytes, at))
  return values
}

/** The plain numbers of a message by field number, from 1. */
function numbersOf(message: Field, most: number): number[] {
  const values: number[] = []
  for (const { number, value } of fieldsOf(message.bytes)) if (number <= most) values[number - 1] = value
  return values
}

function valueType(message: Field): [number, number] {
  const [name = 0, unit = 0] = numbersOf(message, 2)
  return [name, unit]
}

function sampleOf(message: Field): RawSample {
  const sample: RawSample = { locations: [], values: [] }
  for (const field of fieldsOf(message.bytes)) {
    if (field.number === 1) sample.locations.push(...several(field))
    else if (field.number === 2) sample.values.push(...several(field))
  }
  return sample
}

function locationOf(message: Field): { id: number; lines: { function: number; line: number }[] } {
  const lines: { function: number; line: number }[] = []
  let id = 0
  for (const field of fieldsOf(message.bytes)) {
    if (field.number === 1) id = field.value
    else if (field.number === 4) {
      const [by = 0, line = 0] = numbersOf(field, 2)
      lines.push({ function: by, line })
    }
  }
  return { id, lines }
}
