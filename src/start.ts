/** The process: bin/task-mcp.js imports this, and `node src/start.ts` runs it without a build. */
import about from '../package.json' with { type: 'json' }
import { main } from './cli.ts'
import { exit, InterruptedError } from './errors.ts'
import { openWorld } from './world.ts'

const { context, stop, unwritten } = openWorld(about.version)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one is from somebody who does not want to wait.
    if (stop.signal.aborted) process.exit(exit.interrupted)
    stop.abort(new InterruptedError())
  })
}

const code = await main(process.argv.slice(2), context)
process.exitCode = code
// Connections that are kept alive must not keep the process; what was written must still get out.
process.stdout.write('', () => {
  const error = unwritten()
  if (error) context.terminal.err(`task-mcp: the answer could not be written: ${error.message}\n`)
  process.exit(error && code === exit.ok ? exit.unknown : code)
})
