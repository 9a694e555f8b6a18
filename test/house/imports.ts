/** The import lines of the source, and the rules that they are held to. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface Import {
  /** The file that imports, from the root of src: `diagnosis/rank.ts`. */
  file: string
  /** What it names: `../facts/snapshot.ts`, `yaml`, `node:fs`. */
  specifier: string
  /** The file that is meant, from the root of src; undefined for packages and builtins. */
  target: string | undefined
  /** `import type`: gone when the program runs. */
  typeOnly: boolean
  /** `import()`: only when that line is reached. */
  lazy: boolean
}

/** All TypeScript files below a folder, relative to it, sorted. */
export function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.split(path.sep).join('/'))
    .sort()
}

/** The imports and re-exports of one file. */
export function importsOf(file: string, text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const found: Import[] = []
  const add = (specifier: string, typeOnly: boolean, lazy: boolean) => {
    const target = specifier.startsWith('.') ? path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)) : undefined
    found.push({ file, specifier, target, typeOnly, lazy })
  }
  for (const match of code.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^'";]*?\s+from\s+)?'([^']+)'/gm))
    add(match[2]!, match[1] !== undefined, false)
  for (const match of code.matchAll(/(typeof\s+)?\bimport\(\s*'([^']+)'/g)) add(match[2]!, match[1] !== undefined, true)
  return found
}

/** All imports of all files below a folder. */
export function allImports(folder: string): Import[] {
  return sources(folder).flatMap((file) => importsOf(file, readFileSync(path.join(folder, file), 'utf8')))
}

/** The folder of src a file is in; a file beside the folders is a room of its own, without its ending. */
export const roomOf = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.ts$/, ''))

/** Leaves that everybody may use: they import nothing heavy and know no room. */
const leaves = ['errors', 'settings', 'context', 'duration', 'nearest', 'state-directory']

/** Who may import whom, beside the leaves and itself. Type imports are free, except into server and from it. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  start: ['cli', 'world'],
  cli: ['commands'],
  world: ['commands', 'targets'],
  config: ['config'],
  commands: ['config', 'runbook', 'actions', 'slo', 'incident', 'diagnosis', 'facts', 'profile', 'targets', 'output'],
  runbook: ['diagnosis', 'facts', 'slo', 'actions'],
  // How sure a share of failures is after a change is maths of slo's.
  actions: ['diagnosis', 'facts', 'slo', 'targets'],
  slo: [],
  profile: [],
  incident: ['diagnosis', 'facts'],
  diagnosis: ['facts', 'slo'],
  // slo's expressions are text, made from objectives; the reading of them is facts'.
  facts: ['targets', 'slo'],
  output: ['diagnosis', 'slo', 'incident', 'facts', 'profile'],
  targets: ['facts'],
  server: [],
}

/** Rooms where nothing is read or written: same input, same output. */
const pure = ['diagnosis', 'slo', 'incident', 'output', 'profile']

/** Packages that belong to one place. */
const owners: readonly { readonly package: RegExp; readonly owner: RegExp; readonly where: string }[] = [
  { package: /^@kubernetes\/client-node(\/|$)/, owner: /^targets\/kubernetes[^/]*\.ts$/, where: 'targets/kubernetes*.ts' },
  { package: /^prometheus-query(\/|$)/, owner: /^targets\/prometheus\.ts$/, where: 'targets/prometheus.ts' },
  { package: /^(inquirer|@inquirer\/.*)$/, owner: /^commands\/terminal\.ts$/, where: 'commands/terminal.ts' },
  { package: /^chalk$/, owner: /^output\/style\.ts$/, where: 'output/style.ts' },
  { package: /^ws$/, owner: /^targets\/kubernetes-forward\.ts$/, where: 'targets/kubernetes-forward.ts' },
  { package: /^nodemailer$/, owner: /^targets\/notify-email\.ts$/, where: 'targets/notify-email.ts' },
  { package: /^ical\.js$/, owner: /^incident\/on-call-calendar\.ts$/, where: 'incident/on-call-calendar.ts' },
  { package: /^ws$/, owner: /^targets\/kubernetes-forward\.ts$/, where: 'targets/kubernetes-forward.ts' },
  { package: /^commander$/, owner: /^commands\/parse\.ts$/, where: 'commands/parse.ts' },
]

/** What an import breaks, as a sentence; undefined when it keeps to the rules. */
export function broken(one: Import): string | undefined {
  const room = roomOf(one.file)
  const owned = owners.find((rule) => rule.package.test(one.specifier))
  if (owned && !owned.owner.test(one.file)) return `only ${owned.where} may import ${one.specifier}`
  if (one.target === undefined) {
    const io = /^(node:)?(fs|net|http|https|http2|tls|dns|child_process|process|os|worker_threads|readline|timers)(\/|$)/.test(
      one.specifier,
    )
    return pure.includes(room) && io && !one.typeOnly ? `${room}/ does no I/O: facts are handed in` : undefined
  }
  if (one.target === '../package.json') return undefined
  if (one.target.startsWith('..')) return 'src imports nothing outside of src'
  const to = roomOf(one.target)
  if (room === to || to === 'errors' || (leaves.includes(to) && room !== 'server')) return undefined
  if (room === 'server') return 'the server imports its own rooms only; what it is lent is handed in'
  if (to === 'server')
    return /^commands\/(serve(\.entry)?|db)\.ts$/.test(one.file)
      ? undefined
      : 'only commands/serve.ts and commands/db.ts may import the server'
  if (one.typeOnly) return undefined
  if (!(mayImport[room] ?? []).includes(to)) return `${room}/ may import ${['itself', ...(mayImport[room] ?? [])].join(', ')}, and types`
  if (room === 'facts' && to === 'targets' && /^targets\/(kubernetes|prometheus|alertmanager|grafana|service|notify)/.test(one.target))
    return 'an adapter is reached through context.targets, never imported'
  return undefined
}
