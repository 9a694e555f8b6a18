import type { JsonSchema, Tool } from './definition.ts'
import type { Exchange } from './exchange.ts'
import { toolIcons } from './icons.ts'
import type { Params } from './rpc.ts'
import { scopes } from './scopes.ts'

/** Asked before each write; throws to refuse it. */
export type Leave = (event: object) => Promise<void>

type Call = (input: never, exchange: Exchange, params: Params) => Promise<object>

/** The name under which the list knows the caller. */
export const who = ({ principal }: Exchange): string => principal.name

/** Makes tools that read and tools that write, with the scope and the annotations that go with it. */
export function toolKinds(leave: Leave) {
  const shown = (name: string, title: string, description: string, inputSchema: JsonSchema, outputSchema: JsonSchema) => ({
    name,
    title,
    description,
    inputSchema,
    outputSchema,
    ...(toolIcons[name] === undefined ? {} : { icons: toolIcons[name] }),
  })
  return {
    reads: (name: string, title: string, description: string, inputSchema: JsonSchema, outputSchema: JsonSchema, call: Call): Tool => ({
      ...shown(name, title, description, inputSchema, outputSchema),
      annotations: { readOnlyHint: true, openWorldHint: false },
      scope: scopes.read,
      call,
    }),
    writes: (
      name: string,
      title: string,
      description: string,
      inputSchema: JsonSchema,
      outputSchema: JsonSchema,
      call: Call,
      destructive = false,
    ): Tool => ({
      ...shown(name, title, description, inputSchema, outputSchema),
      annotations: { readOnlyHint: false, destructiveHint: destructive, idempotentHint: false, openWorldHint: false },
      scope: scopes.write,
      call: async (input, exchange, params) => {
        await leave({ tool: name, principal: exchange.principal.name, arguments: input })
        return call(input, exchange, params)
      },
    }),
  }
}
