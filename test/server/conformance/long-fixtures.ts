/** Fixtures of the extension for calls that take long. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Offer, Tool } from '../../../src/server/mcp/definition.ts'
import { demandAsksLater } from '../../../src/server/mcp/modern/wire.ts'
import { fixtureTool } from './legacy-fixtures.ts'

const said = (text: string): object => ({ content: [{ type: 'text', text }] })
const long = (tool: Tool): Tool => ({ ...tool, longAfter: 0 })

const name = {
  method: 'elicitation/create',
  params: {
    message: 'What is your name?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  },
}

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
    fixtureTool('failing_job', async (_, { signal, clientCapabilities }) => {
      demandAsksLater(clientCapabilities)
      await pause(1000, undefined, { signal })
      return { ...said('it did not work'), isError: true }
    }),
  ),
  long(
    fixtureTool('protocol_error_job', async () => {
      throw new Error('a bug of the fixture')
    }),
  ),
  {
    ...fixtureTool('test_tool_with_task', async (_, { signal }, params) => {
      const { inputResponses } = params as { inputResponses?: { user_name?: { content?: { name?: string } } } }
      if (inputResponses === undefined) return { resultType: 'input_required', inputRequests: { user_name: name } }
      await pause(500, undefined, { signal })
      return said(`Hello, ${inputResponses.user_name?.content?.name}!`)
    }),
    longAfter: 200,
  },
]

export const longFixtures: Offer = { tools, resources: [], prompts: [] }
