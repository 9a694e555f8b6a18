/**
 * Runs the tests with real clients: npm run test:clients. The clients are fetched the first time; they are not among the packages of
 * `npm ci`, because they bring 120 MB along and nothing else needs them.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const clients = { 'mcp-remote': '0.15.1', '@modelcontextprotocol/inspector': '2.12.0' }

const root = path.join(import.meta.dirname, '../../..')
const folder = path.join(root, 'node_modules/.cache/clients')
const list = path.join(folder, 'package.json')
const wanted = `${JSON.stringify({ private: true, dependencies: clients }, null, 2)}\n`

if (!existsSync(path.join(folder, 'node_modules')) || readFileSync(list, 'utf8') !== wanted) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(list, wanted)
  const install = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: folder,
    stdio: 'inherit',
  })
  if (install.status !== 0) process.exit(1)
}
const tests = spawnSync(
  process.execPath,
  [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'test/server/clients', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: { ...process.env, TEST_CLIENTS: path.join(folder, 'node_modules/.bin') } },
)
process.exit(tests.status ?? 1)
