import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { causeCodes } from '../../src/diagnosis/codes.ts'
import { verdictVersion } from '../../src/diagnosis/verdict.ts'
import { verdictJson } from '../../src/output/json.ts'
import { oneCause, verdicts } from './verdicts.ts'

const schema = JSON.parse(readFileSync(new URL('../../schemas/verdict.schema.json', import.meta.url), 'utf8'))
const ajv = new Ajv2020({ allErrors: true })
ajv.addFormat(
  'date-time',
  (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
)
const valid = ajv.compile(schema)

test.each(Object.entries(verdicts))('--json of %s is a verdict by the schema', (_name, verdict) => {
  valid(JSON.parse(verdictJson(verdict)))
  expect(valid.errors ?? []).toEqual([])
})

test('every cause code of the closed list is in the schema, and no other (node scripts/verdict-schema.ts writes them)', () => {
  expect(schema.$defs.causeCode.enum).toEqual(causeCodes)
  expect(schema.properties.schemaVersion.const).toBe(verdictVersion)
})

test.each([
  ['an unknown cause', (verdict: typeof oneCause) => ({ ...verdict, causes: [{ ...verdict.causes[0], code: 'bad_luck' }] })],
  ['a cause without proof', (verdict: typeof oneCause) => ({ ...verdict, causes: [{ ...verdict.causes[0], evidence: [] }] })],
  ['a field that nobody described', (verdict: typeof oneCause) => ({ ...verdict, mood: 'fine' })],
  ['a time that is none', (verdict: typeof oneCause) => ({ ...verdict, startedAt: 'yesterday' })],
])('%s is refused', (_what, spoil) => {
  expect(valid(JSON.parse(JSON.stringify(spoil(oneCause))))).toBe(false)
})
