/** The tools, resources and prompts that the conformance suite wants to find. They are offered by tests alone. */
import type { Offer, Prompt, ResourceFamily, Tool } from '../../../src/server/mcp/definition.ts'
import type { Exchange } from '../../../src/server/mcp/exchange.ts'

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA='
const text = (said: string): object => ({ type: 'text', text: said })
const content = (...parts: object[]): object => ({ content: parts })
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

type Call = (input: Record<string, never>, exchange: Exchange, params: Record<string, never>) => Promise<object>

export const fixtureTool = (name: string, call: Call, inputSchema: object = { type: 'object' }): Tool => ({
  name,
  title: name,
  description: `Fixture ${name}`,
  inputSchema: inputSchema as Tool['inputSchema'],
  scope: 'tasks:read',
  call: call as unknown as Tool['call'],
})

const needs = (...names: string[]): object => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
  required: names,
})

const elicit = async (exchange: Exchange, message: string, requestedSchema: object): Promise<object> => {
  const { action, content: given } = (await exchange.ask('elicitation/create', { message, requestedSchema })) as Record<string, unknown>
  return content(text(`Elicitation completed: action=${action}, content=${JSON.stringify(given)}`))
}

const tools: readonly Tool[] = [
  fixtureTool('test_simple_text', async () => content(text('This is a simple text response for testing.'))),
  fixtureTool('test_image_content', async () => content({ type: 'image', data: png, mimeType: 'image/png' })),
  fixtureTool('test_audio_content', async () => content({ type: 'audio', data: wav, mimeType: 'audio/wav' })),
  fixtureTool('test_embedded_resource', async () =>
    content({
      type: 'resource',
      resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' },
    }),
  ),
  fixtureTool('test_multiple_content_types', async () =>
    content(
      text('Multiple content types test:'),
      { type: 'image', data: png, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"test":"data","value":123}' },
      },
    ),
  ),
  fixtureTool('test_error_handling', async () => ({
    ...content(text('This tool intentionally returns an error for testing')),
    isError: true,
  })),
  fixtureTool('test_tool_with_logging', async (_, exchange) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      exchange.notify('notifications/message', { level: 'info', data })
      await pause(50)
    }
    return content(text('logged'))
  }),
  fixtureTool('test_tool_with_progress', async (_, exchange, params) => {
    const { progressToken } = (params._meta ?? {}) as { progressToken?: string }
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) exchange.notify('notifications/progress', { progressToken, progress, total: 100 })
      await pause(50)
    }
    return content(text('done'))
  }),
  fixtureTool(
    'test_sampling',
    async ({ prompt }, exchange) => {
      const answer = (await exchange.ask('sampling/createMessage', {
        messages: [{ role: 'user', content: text(prompt ?? '') }],
        maxTokens: 100,
      })) as { content: { text: string } }
      return content(text(`LLM response: ${answer.content.text}`))
    },
    needs('prompt'),
  ),
  fixtureTool(
    'test_elicitation',
    async ({ message }, exchange) => {
      const answer = await exchange.ask('elicitation/create', {
        message,
        requestedSchema: {
          type: 'object',
          properties: {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email address" },
          },
          required: ['username', 'email'],
        },
      })
      return content(text(`User response: ${JSON.stringify(answer)}`))
    },
    needs('message'),
  ),
  fixtureTool('test_elicitation_sep1034_defaults', (_, exchange) =>
    elicit(exchange, 'Defaults', {
      type: 'object',
      properties: {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      },
    }),
  ),
  fixtureTool('test_elicitation_sep1330_enums', (_, exchange) => {
    const titled = [
      { const: 'value1', title: 'First Option' },
      { const: 'value2', title: 'Second Option' },
      { const: 'value3', title: 'Third Option' },
    ]
    return elicit(exchange, 'Enums', {
      type: 'object',
      properties: {
        untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
        titledSingle: { type: 'string', oneOf: titled },
        legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
        untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
        titledMulti: { type: 'array', items: { anyOf: titled } },
      },
    })
  }),
  fixtureTool('test_reconnection', async (_, exchange) => {
    exchange.reconnect()
    await pause(200)
    return content(text('came back'))
  }),
  fixtureTool('json_schema_2020_12_tool', async () => content(text('ok')), {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
    properties: {
      name: { type: 'string' },
      address: { $ref: '#/$defs/address' },
      contactMethod: { type: 'string', enum: ['phone', 'email'] },
      phone: { type: 'string' },
      email: { type: 'string' },
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  }),
]

const fixed: Readonly<Record<string, object>> = {
  'test://static-text': { mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
  'test://static-binary': { mimeType: 'image/png', blob: png },
  'test://watched-resource': { mimeType: 'text/plain', text: 'Watched.' },
}

const resources: ResourceFamily = {
  scope: 'tasks:read',
  templates: [
    {
      uriTemplate: 'test://template/{id}/data',
      name: 'template',
      title: 'template',
      description: 'Fixture template',
      mimeType: 'application/json',
    },
  ],
  list: async () => ({ resources: Object.keys(fixed).map((uri) => ({ uri, name: uri, description: `Fixture ${uri}` })) }),
  read: async (uri) => {
    if (fixed[uri] !== undefined) return [{ uri, ...fixed[uri] }]
    const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1]
    return id === undefined
      ? undefined
      : [{ uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }]
  },
}

export const fixturePrompt = (name: string, names: readonly string[], get: Prompt['get']): Prompt => ({
  name,
  title: name,
  description: `Fixture ${name}`,
  arguments: names.map((argument) => ({ name: argument, description: argument, required: true })),
  scope: 'tasks:read',
  get,
})

const messages = (...parts: object[]): object => ({ messages: parts.map((part) => ({ role: 'user', content: part })) })

const prompts: readonly Prompt[] = [
  fixturePrompt('test_simple_prompt', [], async () => messages(text('This is a simple prompt for testing.'))),
  {
    ...fixturePrompt('test_prompt_with_arguments', ['arg1', 'arg2'], async ({ arg1, arg2 }) =>
      messages(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
    ),
    complete: async (_, prefix) => ['paris', 'park', 'party'].filter((word) => word.startsWith(prefix)),
  },
  fixturePrompt('test_prompt_with_embedded_resource', ['resourceUri'], async ({ resourceUri }) =>
    messages(
      { type: 'resource', resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } },
      text('Please process the embedded resource above.'),
    ),
  ),
  fixturePrompt('test_prompt_with_image', [], async () =>
    messages({ type: 'image', data: png, mimeType: 'image/png' }, text('Please analyze the image above.')),
  ),
]

export const legacyFixtures: Offer = { tools, resources: [resources], prompts }
