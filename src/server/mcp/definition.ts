import type { ErrorType } from '../telemetry/catalogue.ts'
import type { Exchange } from './exchange.ts'
import type { Params } from './rpc.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

export interface Icon {
  readonly src: string
  readonly mimeType: string
  readonly sizes?: readonly string[]
}

/** What a tool answers: content for a reader, structure for a program. `isError` is a refusal that the model should read. */
export interface ToolResult {
  readonly content: readonly object[]
  readonly structuredContent?: object
  readonly isError?: boolean
  readonly errorType?: ErrorType
}

export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: JsonSchema
  readonly outputSchema?: JsonSchema
  readonly annotations?: Readonly<Record<string, boolean>>
  readonly icons?: readonly Icon[]
  /** What a token must allow. */
  readonly scope: string
  /** Milliseconds after which a call is one that takes long: clients that can, ask for its answer later. */
  readonly longAfter?: number
  /** Gives a ToolResult; where there is an output schema also what goes into it, from which the result is made. */
  readonly call: (input: never, exchange: Exchange, params: Params) => Promise<object>
}

export interface Resource {
  readonly uri: string
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly mimeType?: string
  readonly icons?: readonly Icon[]
}

export interface ResourcePage {
  readonly resources: readonly Resource[]
  readonly nextCursor?: string
}

export interface ResourceTemplate {
  readonly uriTemplate: string
  readonly name: string
  readonly title: string
  readonly description: string
  readonly mimeType: string
  readonly icons?: readonly Icon[]
}

/** A family of resources: what is listed, what is read, and which completions there are for its template's variables. */
export interface ResourceFamily {
  readonly templates: readonly ResourceTemplate[]
  readonly scope: string
  readonly list: (cursor: string | undefined) => Promise<ResourcePage>
  /** Gives the contents, or undefined when the URI is none of this family. */
  readonly read: (uri: string) => Promise<readonly object[] | undefined>
  readonly complete?: (template: string, variable: string, prefix: string) => Promise<readonly string[]>
}

export interface PromptArgument {
  readonly name: string
  readonly description: string
  readonly required: boolean
}

export interface Prompt {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly arguments: readonly PromptArgument[]
  readonly icons?: readonly Icon[]
  readonly scope: string
  readonly get: (input: Readonly<Record<string, string>>, exchange: Exchange, params: Params) => Promise<object>
  readonly complete?: (argument: string, prefix: string) => Promise<readonly string[]>
}

/** Everything that is served: defined once, shown to both protocol eras. */
export interface Offer {
  readonly tools: readonly Tool[]
  readonly resources: readonly ResourceFamily[]
  readonly prompts: readonly Prompt[]
}
