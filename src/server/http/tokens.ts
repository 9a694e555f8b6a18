import { hash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { UsageError } from '../../errors.ts'
import type { Principal } from '../mcp/exchange.ts'
import { taskScopes } from '../mcp/scopes.ts'

/** Tokens by the SHA-256 of each; the tokens themselves are kept nowhere. */
export interface Tokens {
  readonly size: number
  find(token: string): Principal | undefined
}

const digestOf = (token: string): Buffer => hash('sha256', token, 'buffer')

/** Eight characters that stand for a principal in logs. */
export const tagOf = (name: string): string => hash('sha256', `principal:${name}`, 'hex').slice(0, 8)

/**
 * Takes the `tokens` setting (`NAME=TOKEN,...`) and the text of a token file (`NAME SHA256 [scopes]` a line).
 * @throws UsageError that names the line, and shows nothing of the token.
 */
export function readTokens(setting: string, file: { path: string; text: string } | undefined): Tokens {
  /** By digest, so that of two entries with one token the last counts. */
  const known = new Map<string, { digest: Buffer; principal: Principal }>()
  const add = (digest: Buffer, principal: Principal): void => void known.set(digest.toString('hex'), { digest, principal })
  for (const [index, pair] of setting
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .entries()) {
    const [, name, token] = /^([^=\s]+)=(\S{8,})$/.exec(pair) ?? []
    if (name === undefined || token === undefined)
      throw new UsageError(
        `entry ${index + 1} of TASK_MCP_TOKENS is not NAME=TOKEN with a token of 8 characters or more`,
        'write NAME=TOKEN, with commas between several',
      )
    add(digestOf(token), { name, tag: tagOf(name), scopes: taskScopes })
  }
  for (const [index, line] of (file?.text ?? '').split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const [, name, digest, list] = /^(\S+)\s+(?:sha256:)?([0-9a-f]{64})(?:\s+(\S+))?$/i.exec(trimmed) ?? []
    if (name === undefined || digest === undefined)
      throw new UsageError(
        `${file?.path}:${index + 1} is not "NAME SHA256 [scope,scope]"`,
        "a token's SHA-256: printf %s TOKEN | sha256sum",
      )
    const scopes = list === undefined ? taskScopes : new Set(list.split(','))
    add(Buffer.from(digest, 'hex'), { name, tag: tagOf(name), scopes })
  }
  const all = [...known.values()]
  return {
    size: all.length,
    find: (token) => {
      const digest = digestOf(token)
      for (const { digest: other, principal } of all) if (timingSafeEqual(digest, other)) return principal
      return undefined
    },
  }
}

/** Reads the token file. @throws UsageError when it cannot be read. */
export function readTokenFile(path: string): { path: string; text: string } | undefined {
  if (path === '') return undefined
  try {
    return { path, text: readFileSync(path, 'utf8') }
  } catch (error) {
    throw new UsageError(
      `the token file ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`,
      'give --token-file a file that this user may read',
    )
  }
}
