/** Fixtures of the extension for calls that take long. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Offer, Tool } from '../../../src/server/mcp/definition.ts'
import { fixtureTool } from './legacy-fixtures.ts'

const said = (text: string): object => ({ content: [{ type: 'text', text }] })
const long = (tool: Tool): Tool => ({ ...tool, longAfter: 0 })

const tools: readonly Tool[] = [
  fixtureTool('greet', async ({ name }) => said(`Hello, ${name}!`), { type: 'object', properties: { name: { type: 'string' } } }),
  long(
    fixtureTool(
      'slow_compute',
      async ({ seconds }, { signal }) => {
        await pause(Number(seconds ?? 0) * 1000, undefined, { signal })
        return said('computed')
      },
      { type: 'object', properties: { seconds: { type: 'number' }, label: { type: 'string' } } },
    ),
  ),
  long(
    fixtureTool('failing_job', async (_, { signal }) => {
      await pause(1000, undefined, { signal })
      return { ...said('it did not work'), isError: true }
    }),
  ),
  long(
    fixtureTool('protocol_error_job', async () => {
      throw new Error('a bug of the fixture')
    }),
  ),
]

export const longFixtures: Offer = { tools, resources: [], prompts: [] }
