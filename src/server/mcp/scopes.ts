/** Scopes a token can carry. `debug` is for the profiles of the admin pages and has to be given by name. */
export const scopes = { read: 'tasks:read', write: 'tasks:write', debug: 'server:debug' } as const

/** What somebody may do who is not restricted. */
export const taskScopes: ReadonlySet<string> = new Set([scopes.read, scopes.write])
