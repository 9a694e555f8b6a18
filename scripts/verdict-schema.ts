/** Writes the cause codes of src/diagnosis/codes.ts into schemas/verdict.schema.json: `node scripts/verdict-schema.ts` after a code is added. */
import { readFile, writeFile } from 'node:fs/promises'
import { causeCodes } from '../src/diagnosis/codes.ts'

const place = new URL('../schemas/verdict.schema.json', import.meta.url)
const schema = JSON.parse(await readFile(place, 'utf8'))
schema.$defs.causeCode.enum = causeCodes
await writeFile(place, `${JSON.stringify(schema, null, 2)}\n`)
