import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { JsonSchema } from './definition.ts'
import { RpcError, rpcCode } from './rpc.ts'

const ajv = new Ajv2020({ allErrors: false, strict: false, validateFormats: false, useDefaults: true })
const compiled = new WeakMap<JsonSchema, ValidateFunction>()

/**
 * Checks `value` against `schema` and fills in its defaults, in place. A schema is compiled the first time it is used, once
 * for the process.
 * @throws RpcError `invalid params` that names the field and what it should be.
 */
export function validate(schema: JsonSchema, value: unknown, subject: string): void {
  let check = compiled.get(schema)
  if (check === undefined) {
    check = ajv.compile(schema)
    compiled.set(schema, check)
  }
  if (check(value)) return
  throw new RpcError(rpcCode.invalidParams, `Invalid arguments for ${subject}: ${(check.errors ?? []).map(say).join('; ')}`)
}

/** PostgreSQL has no text with U+0000 in it, so neither store gets any. @throws RpcError `invalid params`. */
export function refuseNul(value: unknown, subject: string): void {
  if (typeof value === 'string' && value.includes('\u0000'))
    throw new RpcError(rpcCode.invalidParams, `Invalid arguments for ${subject}: a text contains the character U+0000`)
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) refuseNul(inner, subject)
}

function say({ instancePath, keyword, params, message }: ErrorObject): string {
  const where = instancePath === '' ? '' : `${instancePath.slice(1).replaceAll('/', '.')}: `
  if (keyword === 'additionalProperties') return `${where}"${params.additionalProperty}" is not an argument`
  if (keyword === 'enum') return `${where}must be one of ${params.allowedValues.join(', ')}`
  return `${where}${message}`
}
