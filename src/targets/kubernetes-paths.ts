/** Where objects are below the API server, and what RBAC calls a request for them. Pure. */
import type { ResourcePlace } from '../facts/kubernetes/resources.ts'
import type { Asked } from './api-errors.ts'
import type { WriteOptions } from './ports.ts'

/** The path of a collection, or of one object. */
export const pathOf = (place: ResourcePlace, namespace?: string, name?: string): string =>
  [
    place.group === '' ? `/api/${place.version}` : `/apis/${place.group}/${place.version}`,
    ...(place.namespaced && namespace !== undefined ? ['namespaces', encodeURIComponent(namespace)] : []),
    place.plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
  ].join('/')

/** A request in the words of RBAC. */
export const askedFor = (verb: string, place: ResourcePlace, namespace?: string, name?: string): Asked => ({
  verb,
  group: place.group,
  resource: place.plural,
  ...(place.namespaced && namespace !== undefined ? { namespace } : {}),
  ...(name === undefined ? {} : { name }),
})

/** RBAC's words for a path given raw: `/api/v1/nodes/n/proxy/stats` is get on nodes/proxy. */
export function askedForPath(path: string): Asked {
  const parts = path
    .split('?', 1)[0]!
    .split('/')
    .filter((part) => part !== '')
  const core = parts[0] === 'api'
  const rest = parts.slice(core ? 2 : 3)
  const namespace = rest[0] === 'namespaces' && rest.length > 2 ? rest[1] : undefined
  const [resource, name, subresource] = namespace === undefined ? rest : rest.slice(2)
  return {
    verb: name === undefined && parts.length > 2 ? 'list' : 'get',
    group: core ? '' : (parts[1] ?? ''),
    resource: resource === undefined ? path : subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    name,
  }
}

/** The query of a write: who writes, and whether it is a dry run. */
export const writeParameters = (options: WriteOptions): string =>
  new URLSearchParams({ fieldManager: options.fieldManager, ...(options.dryRun ? { dryRun: 'All' } : {}) }).toString()
