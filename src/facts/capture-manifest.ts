/** What a bundle says of itself: what is in it, from where, and what could not be got. */
import { UsageError } from '../errors.ts'

export const manifestVersion = 1
export const manifestKind = 'task-mcp-capture'
/** The folder that everything in a bundle is in. */
export const folder = 'capture'

export type CapturedWhat = 'snapshot' | 'objects' | 'events' | 'log' | 'metrics' | 'profile' | 'heap-snapshot'
export type ProfileKind = 'cpu' | 'wall' | 'heap'

export interface CapturedFile {
  /** Below the folder of the bundle. */
  path: string
  what: CapturedWhat
  /** Where it came from, for people: `pod/shop-1 container app, before its last restart`. */
  from: string
  pod?: string
  profile?: ProfileKind
  /** RFC 3339. */
  at: string
  bytes: number
  sha256: string
  /** Credentials were taken out of it. False for what cannot be read as text: profiles (names of functions) and heap snapshots (the memory itself). */
  redacted: boolean
  /** There was more than was taken. */
  truncated?: boolean
}

export interface NotTaken {
  what: CapturedWhat
  from: string
  why: string
  next?: string
}

export interface Manifest {
  kind: typeof manifestKind
  schemaVersion: typeof manifestVersion
  /** Version of the tool that took it. */
  tool: string
  /** RFC 3339. */
  takenAt: string
  /** Seconds. */
  took: number
  target: { context: string; server: string; namespace: string; workload: string; pods: string[] }
  files: CapturedFile[]
  notTaken: NotTaken[]
}

export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`

/** Reads what manifestText wrote; UsageError when it is something else, or of another version. */
export function parseManifest(text: string, bundle: string): Manifest {
  let value: Partial<Manifest> | null = null
  try {
    value = JSON.parse(text)
  } catch {}
  if (value?.kind !== manifestKind || !isWhole(value)) {
    throw new UsageError(`${bundle} is not a bundle of task-mcp capture: its manifest is none`, 'give a file that task-mcp capture wrote')
  }
  if (value.schemaVersion !== manifestVersion) {
    throw new UsageError(
      `${bundle} is a bundle of version ${value.schemaVersion} (by task-mcp ${value.tool ?? '?'}); this task-mcp reads version ${manifestVersion}`,
      'read it with the task-mcp that took it',
    )
  }
  return value as Manifest
}

function isWhole(value: Partial<Manifest>): boolean {
  return (
    Array.isArray(value.files) &&
    value.files.every((file) => typeof file?.path === 'string' && typeof file.sha256 === 'string' && Number.isSafeInteger(file.bytes)) &&
    Array.isArray(value.notTaken) &&
    typeof value.target?.namespace === 'string' &&
    typeof value.takenAt === 'string'
  )
}

/** A name as part of a path: long ones are cut, so that an archive can hold them. */
export const pathPart = (name: string): string => name.replace(/[^\w.-]/g, '_').slice(0, 90)
