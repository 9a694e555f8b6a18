import type { ClientCapabilities } from '../exchange.ts'
import { RpcError } from '../rpc.ts'
import { modernCode } from './wire.ts'

const needs: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
}

/**
 * A result may ask the client for input only in ways that the client said it has.
 * @throws RpcError -32021 that names what is missing.
 */
export function checkInputRequests(result: object, capabilities: ClientCapabilities): void {
  if (!('inputRequests' in result) || typeof result.inputRequests !== 'object' || result.inputRequests === null) return
  for (const { method } of Object.values(result.inputRequests) as Array<{ method: string }>) {
    const capability = needs[method]
    if (capability !== undefined && capabilities[capability] === undefined)
      throw new RpcError(modernCode.missingCapability, `This needs a client that can answer ${method}`, {
        status: 400,
        data: { requiredCapabilities: { [capability]: {} } },
      })
  }
}
