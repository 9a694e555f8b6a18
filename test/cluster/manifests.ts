/** The shipped manifests, under the names, labels, ports and sizes of one test. */
import { parseAllDocuments } from 'yaml'
import { type Any, kubectl } from './kubectl.ts'

export interface Names {
  namespace: string
  app: string
  container: string
  settings: string
  secret: string
  store: string
  /** Label key that the selectors use. */
  labelKey: string
}

const rendered = new Map<string, Promise<Any[]>>()

/** Renders an overlay of deploy/ once, and gives a copy of its objects. */
export async function overlay(name: 'postgresql' | 'small'): Promise<Any[]> {
  const path = new URL(`../../deploy/overlays/${name}`, import.meta.url).pathname
  if (!rendered.has(name))
    rendered.set(
      name,
      kubectl(['kustomize', path]).then((text) => parseAllDocuments(text).map((document) => document.toJS())),
    )
  return structuredClone(await rendered.get(name)!)
}

/** Renames everything: what was called task-mcp-http and task-mcp-postgresql in the overlay is called by `names` afterwards. */
export function renamed(objects: Any[], names: Names): Any[] {
  const text = (value: string, key: string): string => {
    if (value === 'task-mcp-http') return key === 'secretName' ? names.secret : names.app
    if (value === 'task-mcp-postgresql') return names.store
    if (/^task-mcp-postgresql-[a-z0-9]+$/.test(value)) return `${names.store}-start`
    return value === 'task-mcp' ? names.namespace : value
  }
  const walk = (value: Any, key = ''): Any => {
    if (typeof value === 'string') return text(value, key)
    if (Array.isArray(value)) return value.map((item) => walk(item, key))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [k === 'app' && typeof v === 'string' ? names.labelKey : k, walk(v, k)]),
    )
  }
  return objects.map((object) => settle(walk(object), names))
}

/** The places where one word means different objects. */
function settle(object: Any, names: Names): Any {
  if (object.kind === 'ConfigMap' && object.metadata.name === names.app) object.metadata.name = names.settings
  const pod = object.spec?.template?.spec
  for (const container of pod?.containers ?? []) {
    if (container.name === names.app) container.name = names.container
    if (container.name === 'postgresql') container.name = 'database'
    for (const from of container.envFrom ?? []) if (from.configMapRef) from.configMapRef.name = names.settings
    for (const { valueFrom } of container.env ?? [])
      if (valueFrom?.secretKeyRef?.name === names.app) valueFrom.secretKeyRef.name = names.secret
    for (const { valueFrom } of container.env ?? [])
      if (valueFrom?.secretKeyRef?.name === names.store) valueFrom.secretKeyRef.name = `${names.store}-access`
  }
  return object
}
