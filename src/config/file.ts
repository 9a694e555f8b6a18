/** task-mcp.yaml: finding it, and reading it so that every mistake has a line. */
import path from 'node:path'
import type { Document, LineCounter, Node } from 'yaml'
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { readValue } from './read-value.ts'
import { settingTable } from './table.ts'

/** A value of the file, by the setting's path. */
export interface FileValue {
  value: unknown
  line: number
}

export interface SettingsFile {
  file: string
  values: ReadonlyMap<string, FileValue>
}

export const fileName = 'task-mcp.yaml'

/** The file that was named, else the first task-mcp.yaml from here upwards, else the one of the user; undefined when there is none. */
export async function findFile(named: string | undefined, context: Context): Promise<string | undefined> {
  if (named !== undefined) return path.resolve(context.cwd, named)
  for (let directory = context.cwd; ; directory = path.dirname(directory)) {
    const candidate = path.join(directory, fileName)
    if (await context.files.exists(candidate)) return candidate
    if (path.dirname(directory) === directory) break
  }
  const configHome = context.env.XDG_CONFIG_HOME || path.join(context.home, '.config')
  const candidate = path.join(configHome, 'task-mcp', fileName)
  return (await context.files.exists(candidate)) ? candidate : undefined
}

/** Read a settings file. UsageError with file, line, column and the nearest right key for everything that is wrong in it. */
export async function readFile(file: string, context: Context): Promise<SettingsFile> {
  let text: string
  try {
    text = await context.files.read(file)
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no settings file' : 'the settings file cannot be read:'
    throw new UsageError(`${why} ${file}`, 'check --config and TASK_MCP_CONFIG', { cause: error })
  }
  const yaml = await import('yaml')
  const lines = new yaml.LineCounter()
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const shown = file.startsWith(context.cwd + path.sep) ? path.relative(context.cwd, file) : file
  const problems: string[] = []
  const problem = (offset: number, what: string) => {
    const { line, col } = lines.linePos(offset)
    problems.push(`${shown}:${line}:${col}: ${what}`)
  }
  for (const error of document.errors) problem(error.pos[0], error.message)
  const values = new Map<string, FileValue>()
  if (problems.length === 0)
    walk(document.contents as Node | null, '', {
      yaml,
      document,
      lines,
      values,
      problem,
      place: { directory: path.dirname(file), home: context.home },
    })
  if (problems.length > 0)
    throw new UsageError(problems.join('\n'), 'task-mcp config lists every setting; docs/configuration.md explains them')
  return { file, values }
}

interface Walk {
  yaml: typeof import('yaml')
  document: Document
  lines: LineCounter
  values: Map<string, FileValue>
  problem: (offset: number, what: string) => void
  place: { directory: string; home: string }
}

function walk(given: Node | null, prefix: string, at: Walk): void {
  const { yaml, document, lines, values, problem, place } = at
  const node = yaml.isAlias(given) ? ((given.resolve(document) as Node | undefined) ?? given) : given
  if (yaml.isAlias(node)) {
    problem(node.range?.[0] ?? 0, `no anchor is called &${node.source}`)
    return
  }
  if (node === null || (yaml.isScalar(node) && node.value === null)) return
  if (!yaml.isMap(node)) {
    problem(node.range?.[0] ?? 0, `${prefix === '' ? 'the file' : prefix} must be a mapping of settings`)
    return
  }
  for (const pair of node.items) {
    const keyNode = pair.key as Node
    const key = yaml.isScalar(keyNode) ? String(keyNode.value) : String(keyNode)
    const offset = keyNode.range?.[0] ?? 0
    const full = prefix === '' ? key : `${prefix}.${key}`
    const row = settingTable.find((candidate) => candidate.path === full || candidate.aliases?.includes(full))
    const valueNode = pair.value as Node | null
    if (!row) {
      if (settingTable.some((candidate) => candidate.path.startsWith(`${full}.`))) walk(valueNode, full, at)
      else problem(offset, unknownKey(key, prefix))
      continue
    }
    if (values.has(row.path)) {
      problem(offset, `${full} is said twice (${row.path} is the same setting)`)
      continue
    }
    const raw = valueNode === null ? null : plain(valueNode, document, yaml)
    if (raw === null) continue
    const read = raw instanceof ReferenceError ? { wrong: `cannot be read: ${raw.message}` } : readValue(row, raw, place)
    if ('wrong' in read) problem(valueNode?.range?.[0] ?? offset, `${full} ${read.wrong}`)
    else values.set(row.path, { value: read.value, line: lines.linePos(offset).line })
  }
}

/** The value of a node, or the ReferenceError of an alias in it. Numbers keep the way they were written, so that a name made of digits stays that name. */
function plain(node: Node, document: Document, yaml: typeof import('yaml')): unknown {
  if (yaml.isScalar(node) && typeof node.value === 'number') return node.source ?? node.value
  try {
    return node.toJS(document, { maxAliasCount: 100 })
  } catch (error) {
    if (error instanceof ReferenceError) return error
    throw error
  }
}

function unknownKey(key: string, prefix: string): string {
  const siblings = new Set<string>()
  for (const row of settingTable) {
    for (const name of [row.path, ...(row.aliases ?? [])]) {
      if (prefix === '' || name.startsWith(`${prefix}.`)) siblings.add(name.slice(prefix === '' ? 0 : prefix.length + 1).split('.')[0]!)
    }
  }
  const near = nearest(key, siblings)
  const elsewhere = near ? undefined : settingTable.find((row) => row.path.endsWith(`.${key}`) || row.path === key)?.path
  const meant = near ? (prefix === '' ? near : `${prefix}.${near}`) : elsewhere
  return `there is no setting "${prefix === '' ? key : `${prefix}.${key}`}"${meant ? `; did you mean ${meant}?` : `; here can be ${[...siblings].join(', ')}`}`
}
