/** The way to the service's own MCP endpoint, as the settings have it. */
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { type McpWay, mcpByProxy, mcpByUrl } from '../facts/mcp-session.ts'
import { part } from '../facts/part.ts'
import type { Part } from '../facts/snapshot.ts'
import type { Settings } from '../settings.ts'
import type { Cluster } from '../targets/ports.ts'

/** By URL, with the token of the settings, else the Service of the settings through the API server of a cluster that was reached. */
export async function mcpWay(context: Context, settings: Settings, cluster: Part<Cluster>, url: string | undefined): Promise<McpWay> {
  const { namespace, service, port, mcp } = settings.service
  if (url !== undefined) {
    const token = mcp.tokenFile === undefined ? undefined : (await readToken(context, mcp.tokenFile)).trim()
    return mcpByUrl(url, token, context.targets(settings).fetch)
  }
  if (cluster.state !== 'ok') throw new UsageError(cluster.reason, cluster.next ?? 'give --url to reach an endpoint without a cluster')
  const listed = await part(
    async () => (await cluster.value.get('services', { namespace, name: service }, context.signal)).spec.ports ?? [],
    context.signal,
  )
  const ports = listed.state === 'ok' ? listed.value : []
  const chosen =
    ports.find((one) => one.targetPort === port || one.port === port) ??
    ports.find((one) => /^(http|mcp|web)/.test(one.name ?? '')) ??
    ports[0]
  return mcpByProxy({ namespace, service, port: chosen?.name ?? chosen?.port ?? port, path: mcp.path }, cluster.value)
}

async function readToken(context: Context, file: string): Promise<string> {
  try {
    return await context.files.read(file)
  } catch (error) {
    throw new UsageError(`${file} cannot be read`, 'correct service.mcp.tokenFile in task-mcp.yaml, or its permissions', { cause: error })
  }
}
