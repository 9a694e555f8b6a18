/** A server process for tests that kill it: settings as JSON in the first argument, its URL on stdout. */
import { startServer } from '../../src/server/server.ts'
import { resolveSettings } from '../../src/server/settings.ts'

const server = await startServer(resolveSettings(JSON.parse(process.argv[2] ?? '{}')), {
  log: () => undefined,
  clock: { now: () => Date.now() },
  signal: new AbortController().signal,
  version: '1.2.3',
})
process.stdout.write(`${server.url}\n`)
