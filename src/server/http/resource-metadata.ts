import { taskScopes } from '../mcp/scopes.ts'
import type { Settings } from '../settings.ts'

const prefix = '/.well-known/oauth-protected-resource'

/** Where a client finds who issues tokens for this server (RFC 9728): the document's own paths, with and without that of the resource. */
export const metadataPaths: readonly string[] = [prefix, `${prefix}/mcp`]

/** The URL of the document, for the WWW-Authenticate header. */
export const metadataUrl = ({ publicUrl }: Settings): string => new URL(`${prefix}/mcp`, publicUrl).href

/** The document. */
export function resourceMetadata({ publicUrl, jwtIssuer }: Settings): object {
  return {
    resource: publicUrl,
    authorization_servers: [jwtIssuer],
    scopes_supported: [...taskScopes],
    bearer_methods_supported: ['header'],
    resource_name: 'task-mcp',
  }
}
