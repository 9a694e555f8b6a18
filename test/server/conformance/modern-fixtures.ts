/** Fixtures of the revisions without sessions: results that ask the client for input, and headers that mirror arguments. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Offer } from '../../../src/server/mcp/definition.ts'
import type { Exchange } from '../../../src/server/mcp/exchange.ts'
import { RpcError, rpcCode } from '../../../src/server/mcp/rpc.ts'
import { fixturePrompt, fixtureTool } from './legacy-fixtures.ts'

type Inputs = Readonly<Record<string, Record<string, unknown>>>
type Round = { readonly inputResponses?: Inputs; readonly requestState?: string }

const said = (text: string): object => ({ content: [{ type: 'text', text }] })
const ask = (inputRequests: object, state?: string): object => ({
  resultType: 'input_required',
  inputRequests,
  ...(state === undefined ? {} : { requestState: signed(state) }),
})

const key = randomBytes(32)
const mac = (state: string): string => createHmac('sha256', key).update(state).digest('base64url')
const signed = (state: string): string => `${state}.${mac(state)}`

function opened(value: unknown): string {
  const [state = '', signature] = String(value).split('.')
  if (signature !== mac(state)) throw new RpcError(rpcCode.invalidParams, 'requestState is not one of ours')
  return state
}

const elicit = (message: string, properties: Readonly<Record<string, object>>): object => ({
  method: 'elicitation/create',
  params: { message, requestedSchema: { type: 'object', properties, required: Object.keys(properties) } },
})
const sample = (text: string, maxTokens: number): object => ({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens },
})
const text = { type: 'string' }
const roots = { method: 'roots/list', params: {} }
const name = elicit('What is your name?', { name: text })
const confirm = elicit('Please confirm', { ok: { type: 'boolean' } })

const accepted = (inputs: Inputs | undefined, which: string): Record<string, unknown> | undefined => {
  const answer = inputs?.[which]
  return answer?.action === 'accept' && typeof answer.content === 'object' ? (answer.content as Record<string, unknown>) : undefined
}

const rounds = (toolName: string, play: (round: Round, exchange: Exchange) => object) =>
  fixtureTool(toolName, async (_, exchange, params) => play(params as Round, exchange))

const tools = [
  rounds('test_input_required_result_elicitation', ({ inputResponses }) => {
    const given = accepted(inputResponses, 'user_name')
    return typeof given?.name === 'string' ? said(`Hello, ${given.name}!`) : ask({ user_name: name })
  }),
  rounds('test_input_required_result_sampling', ({ inputResponses }) => {
    const answer = inputResponses?.capital_question
    return answer === undefined
      ? ask({ capital_question: sample('What is the capital of France?', 100) })
      : said(JSON.stringify(answer.content))
  }),
  rounds('test_input_required_result_list_roots', ({ inputResponses }) => {
    const answer = inputResponses?.client_roots
    return answer === undefined ? ask({ client_roots: roots }) : said(JSON.stringify(answer.roots))
  }),
  rounds('test_input_required_result_request_state', ({ inputResponses, requestState }) => {
    if (inputResponses === undefined) return ask({ confirm }, 'asked')
    return said(opened(requestState) === 'asked' ? 'state-ok' : 'another state')
  }),
  rounds('test_input_required_result_tampered_state', ({ inputResponses, requestState }) => {
    if (inputResponses === undefined) return ask({ confirm }, 'asked')
    return said(opened(requestState))
  }),
  rounds('test_input_required_result_multiple_inputs', ({ inputResponses, requestState }) => {
    if (inputResponses === undefined)
      return ask({ user_name: name, greeting: sample('Generate a greeting', 50), client_roots: roots }, 'asked')
    return said(`${opened(requestState)} ${JSON.stringify(inputResponses)}`)
  }),
  rounds('test_input_required_result_multi_round', ({ inputResponses, requestState }) => {
    if (inputResponses === undefined) return ask({ step1: elicit('Step 1: What is your name?', { name: text }) }, 'one')
    if (opened(requestState) === 'one') return ask({ step2: elicit('Step 2: What is your favorite color?', { color: text }) }, 'two')
    return said('both steps are done')
  }),
  rounds('test_input_required_result_capabilities', (_, { clientCapabilities }) =>
    ask({
      ...(clientCapabilities.sampling === undefined ? {} : { greeting: sample('Generate a greeting', 50) }),
      ...(clientCapabilities.elicitation === undefined ? {} : { user_name: name }),
    }),
  ),
  rounds('test_missing_capability', () => ask({ greeting: sample('Generate a greeting', 50) })),
  rounds('test_streaming_elicitation', (_, exchange) => {
    exchange.notify('notifications/progress', { progressToken: 'x', progress: 1 })
    return ask({ user_name: name })
  }),
  rounds('test_logging_tool', (_, exchange) => {
    exchange.notify('notifications/message', { level: 'info', data: 'said' })
    return said('logged')
  }),
  fixtureTool('test_custom_headers', async () => said('ok'), {
    type: 'object',
    properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
  }),
]

const prompts = [
  fixturePrompt('test_input_required_result_prompt', [], async (_, _exchange, params) => {
    const given = accepted((params as Round).inputResponses, 'user_context')
    if (given === undefined) return ask({ user_context: elicit('What context should the prompt use?', { context: text }) })
    return { messages: [{ role: 'user', content: { type: 'text', text: `Context: ${given.context}` } }] }
  }),
]

export const modernFixtures: Offer = { tools, resources: [], prompts }
