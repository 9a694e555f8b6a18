/**
 * Runs the official conformance suite against a server that also offers the suite's fixtures:
 *   node test/server/conformance/run.ts [revision...]
 * Without a revision it runs every one there is a requirement set for, and what the suite has for the extension that is offered.
 * Exits with 1 when a scored scenario fails.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startServer } from '../../../src/server/server.ts'
import { resolveSettings } from '../../../src/server/settings.ts'
import { fixtures } from './fixtures.ts'

const revisions = process.argv.length > 2 ? process.argv.slice(2) : ['2025-11-25', '2026-07-28']
const suite = path.join(import.meta.dirname, '../../../node_modules/@modelcontextprotocol/conformance/dist/index.js')
const folder = mkdtempSync(path.join(tmpdir(), 'task-mcp-conformance-'))
const server = await startServer(
  resolveSettings({
    port: 0,
    'database-path': path.join(folder, 'tasks.db'),
    'rate-limit': 0,
    'address-rate-limit': 0,
    'initialize-limit': 0,
  }),
  {
    log: (line) => process.env.VERBOSE && process.stderr.write(`${line}\n`),
    clock: { now: () => Date.now() },
    signal: new AbortController().signal,
    version: '1.2.3',
    also: fixtures,
  },
)

/** Those that need calls which ask their client for something later are left out: nothing here does. */
const extension = [
  'lifecycle',
  'capability-negotiation',
  'wire-fields',
  'request-state-removal',
  'request-headers',
  'required-task-error',
  'mrtr-composition',
]
const runs = [
  ...revisions.map((revision) => ['--requirements', revision]),
  ...(process.argv.length > 2 ? [] : extension.map((name) => ['--scenario', `tasks-${name}`])),
]

let failed = false
for (const [kind, name] of runs) {
  process.stdout.write(`\n${name}\n`)
  const run = spawn(process.execPath, [suite, 'server', '--url', server.url, kind!, name!, '-o', path.join(folder, name!)], {
    stdio: 'inherit',
  })
  const [code] = await once(run, 'exit')
  failed ||= code !== 0
}
await server.close()
rmSync(folder, { recursive: true, force: true })
process.exit(failed ? 1 : 0)
