/**
 * A cluster in memory behind the ports: it holds objects, its controllers take a step whenever its clock moves, and it can be
 * told to refuse, to conflict, to cut the connection or to freeze. What is written is kept in `writes`.
 */

import type { Clock } from '../../src/context.ts'
import { mapSelects } from '../../src/diagnosis/selectors.ts'
import { AbsentError, DeniedError, InterruptedError, MovedError, RefusedError, UnreachableError } from '../../src/errors.ts'
import type { KubeObject } from '../../src/facts/kubernetes/object.ts'
import type { Pod } from '../../src/facts/kubernetes/pod.ts'
import { type ResourceName, type Resources, resources } from '../../src/facts/kubernetes/resources.ts'
import { certificatesIn } from '../../src/targets/kubernetes-certificates.ts'
import type {
  AccessCheck,
  Certificate,
  Cluster,
  ClusterIdentity,
  ClusterWriter,
  HttpAnswer,
  Listing,
  ListQuery,
  LogQuery,
  ObjectRef,
  PatchType,
  ProxyRequest,
  WriteOptions,
} from '../../src/targets/ports.ts'
import { isReady, reconcile } from './fake-controllers.ts'
import { jsonPatch, mergePatch, PatchFailed, type PatchOperation } from './json-patch.ts'

export interface Written {
  verb: 'patch' | 'create' | 'delete'
  resource: ResourceName
  namespace: string | undefined
  name: string
  dryRun: boolean
  fieldManager: string
  body?: unknown
}

const specless = new Set<string>(['configmaps', 'secrets', 'services', 'events'])

export class FakeCluster implements Cluster, ClusterWriter {
  readonly stats = { requests: 0 }
  readonly writes: Written[] = []
  /** `verb resource`, for example `create pods`, that this user may not. */
  readonly denied = new Set<string>()
  /** Whether the containers of a pod come up. */
  starts: (pod: Pod) => boolean = () => true
  /** Called before a write that is no dry run takes effect, and again after; throwing there is a lost request or a lost answer. */
  beforeWrite: (written: Written) => void = () => {}
  afterWrite: (written: Written) => void = () => {}
  /** What a server-side dry run of a new pod says; undefined lets it through. */
  refusesPod: (pod: Pod) => string | undefined = () => undefined
  /** What answers through the API server's proxy. */
  answers: ((request: ProxyRequest) => HttpAnswer) | undefined
  now = Date.parse('2026-03-01T12:00:00Z')
  readonly #objects = new Map<ResourceName, Map<string, KubeObject>>()
  #serial = 0

  /** A clock whose sleep lets the cluster's controllers take a step. */
  readonly clock: Clock = {
    now: () => this.now,
    sleep: async (milliseconds, signal) => {
      if (signal.aborted) throw new InterruptedError()
      this.now += milliseconds
      reconcile(this)
    },
  }

  serial(): number {
    return ++this.#serial
  }

  /** Put an object in, or another of the same name in its place; metadata that every object has is added. */
  put<K extends ResourceName>(resource: K, object: Omit<Resources[K], 'metadata'> & { metadata: KubeObject['metadata'] }): Resources[K] {
    const kept = this.#of(resource)
    const key = keyOf(object.metadata.namespace, object.metadata.name)
    const before = kept.get(key)
    const place = resources[resource]
    const whole = {
      apiVersion: place.group === '' ? place.version : `${place.group}/${place.version}`,
      kind: place.kind,
      ...object,
      metadata: {
        creationTimestamp: new Date(this.now).toISOString(),
        uid: before?.metadata.uid ?? `uid-${this.serial()}`,
        ...(specless.has(resource) ? {} : { generation: 1 }),
        ...object.metadata,
        resourceVersion: String(this.serial()),
      },
    } as unknown as Resources[K]
    kept.set(key, whole)
    return whole
  }

  drop(resource: ResourceName, object: KubeObject): void {
    this.#of(resource).delete(keyOf(object.metadata.namespace, object.metadata.name))
  }

  all<K extends ResourceName>(resource: K): Resources[K][] {
    return [...this.#of(resource).values()] as Resources[K][]
  }

  /** The object as it is now; fails the test when it is not there. */
  one<K extends ResourceName>(resource: K, namespace: string | undefined, name: string): Resources[K] {
    const found = this.#of(resource).get(keyOf(namespace, name))
    if (found === undefined) throw new Error(`the fake cluster has no ${resource} ${namespace}/${name}`)
    return found as Resources[K]
  }

  /** Let the controllers work until nothing more happens. */
  settle(): this {
    for (let step = 0; step < 20; step++) reconcile(this)
    return this
  }

  identity(): ClusterIdentity {
    return { context: 'lab', server: 'https://lab.example:6443', user: 'jo', namespace: undefined }
  }

  async version(signal: AbortSignal): Promise<{ gitVersion: string; serverTime: number | undefined }> {
    this.#enter('get /version', signal)
    return { gitVersion: 'v1.34.0', serverTime: this.now }
  }

  async list<K extends ResourceName>(resource: K, query: ListQuery, signal: AbortSignal): Promise<Listing<Resources[K]>> {
    this.#enter(`list ${resource}`, signal)
    const fields = Object.fromEntries((query.fieldSelector ?? '').split(',').map((part) => part.split('=')))
    const found = this.all(resource).filter(
      (object) =>
        (query.namespace === undefined || object.metadata.namespace === query.namespace) &&
        (query.labelSelector === undefined ||
          mapSelects(Object.fromEntries(query.labelSelector.split(',').map((part) => part.split('='))), object.metadata.labels)) &&
        (fields['metadata.name'] === undefined || object.metadata.name === fields['metadata.name']) &&
        (fields['involvedObject.name'] === undefined ||
          ('involvedObject' in object && object.involvedObject.name === fields['involvedObject.name'])),
    )
    return { items: structuredClone(found.slice(0, query.limit)), truncated: query.limit !== undefined && found.length > query.limit }
  }

  async get<K extends ResourceName>(
    resource: K,
    ref: { namespace?: string | undefined; name: string },
    signal: AbortSignal,
  ): Promise<Resources[K]> {
    this.#enter(`get ${resource}`, signal)
    const found = this.#of(resource).get(keyOf(ref.namespace, ref.name))
    if (found === undefined) throw new AbsentError(`${resource} "${ref.name}" not found`)
    return structuredClone(found) as Resources[K]
  }

  async certificates(ref: { namespace?: string | undefined; name: string }, signal: AbortSignal): Promise<Certificate[]> {
    this.#enter('get secrets', signal)
    const found = this.#of('secrets').get(keyOf(ref.namespace, ref.name)) as { data?: Record<string, string> } | undefined
    if (found === undefined) throw new AbsentError(`secrets "${ref.name}" not found`)
    return certificatesIn(found.data ?? {})
  }

  async logs(query: LogQuery, signal: AbortSignal): Promise<string> {
    this.#enter('get pods/log', signal)
    if (query.previous) throw new AbsentError('previous terminated container not found')
    return `2026-03-01T12:00:00Z ${query.container} of ${query.pod} says hello\n`
  }

  async proxy(request: ProxyRequest, signal: AbortSignal): Promise<HttpAnswer> {
    this.#enter(`get ${request.kind}/proxy`, signal)
    if (this.answers) return this.answers(request)
    const slices = this.all('endpointslices').filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === request.name)
    const up =
      request.kind === 'services'
        ? slices.some((slice) => slice.endpoints?.some((endpoint) => endpoint.conditions?.ready))
        : this.all('pods').some((pod) => pod.metadata.name === request.name && isReady(pod))
    if (!up) throw new UnreachableError(`no endpoints available for ${request.kind} "${request.name}"`)
    return { status: 200, body: 'ok', seconds: 0.01, contentType: 'text/plain' }
  }

  async raw(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    this.#enter(`get ${path}`, signal)
    return { status: 200, body: '{}', seconds: 0, contentType: 'application/json' }
  }

  async can(checks: readonly AccessCheck[], signal: AbortSignal): Promise<boolean[]> {
    if (signal.aborted) throw new InterruptedError()
    return checks.map(
      ({ verb, resource, subresource }) => !this.denied.has(`${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`),
    )
  }

  async patch(
    ref: ObjectRef,
    type: PatchType,
    body: unknown,
    options: WriteOptions & { subresource?: string },
    signal: AbortSignal,
  ): Promise<KubeObject> {
    this.#enter(`patch ${ref.resource}`, signal)
    const before = this.#of(ref.resource).get(keyOf(ref.namespace, ref.name))
    if (before === undefined) throw new AbsentError(`${ref.resource} "${ref.name}" not found`)
    const version = type === 'merge' ? (body as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion : undefined
    if (version !== undefined && version !== before.metadata.resourceVersion)
      throw new MovedError(`${ref.resource} "${ref.name}": the object has been modified`, 'look again and make a new plan')
    return this.#commit({ verb: 'patch', resource: ref.resource, namespace: ref.namespace, name: ref.name, ...options, body }, () => {
      try {
        const after = type === 'json' ? jsonPatch(before, body as PatchOperation[]) : mergePatch(before, body)
        const spec = (object: KubeObject) => JSON.stringify('spec' in object ? object.spec : undefined)
        if (spec(after) !== spec(before) && after.metadata.generation !== undefined) after.metadata.generation++
        return after
      } catch (error) {
        if (error instanceof PatchFailed)
          throw new MovedError(`${ref.resource} "${ref.name}" is no longer what the plan was made from`, 'look again and make a new plan')
        throw error
      }
    })
  }

  async create(
    resource: ResourceName,
    namespace: string | undefined,
    body: unknown,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    this.#enter(`create ${resource}`, signal)
    const object = structuredClone(body) as KubeObject
    if (namespace !== undefined) object.metadata.namespace = namespace
    const { generateName } = object.metadata as { generateName?: string }
    object.metadata.name ??= `${generateName ?? ''}${this.serial()}`
    if (this.#of(resource).has(keyOf(namespace, object.metadata.name)))
      throw new RefusedError(`${resource} "${object.metadata.name}" already exists`, 'AlreadyExists')
    if (resource === 'pods') {
      const refusal = this.refusesPod(object as Pod)
      if (refusal !== undefined) throw new RefusedError(refusal, 'Forbidden')
    }
    return this.#commit({ verb: 'create', resource, namespace, name: object.metadata.name, ...options, body }, () => object)
  }

  async remove(ref: ObjectRef, options: WriteOptions & { uid?: string; resourceVersion?: string }, signal: AbortSignal): Promise<void> {
    this.#enter(`delete ${ref.resource}`, signal)
    const before = this.#of(ref.resource).get(keyOf(ref.namespace, ref.name))
    if (before === undefined) throw new AbsentError(`${ref.resource} "${ref.name}" not found`)
    if (options.uid !== undefined && options.uid !== before.metadata.uid) throw new MovedError('the UID in the precondition does not match')
    const written: Written = {
      verb: 'delete',
      resource: ref.resource,
      namespace: ref.namespace,
      name: ref.name,
      dryRun: options.dryRun,
      fieldManager: options.fieldManager,
    }
    this.writes.push(written)
    if (options.dryRun) return
    this.beforeWrite(written)
    this.drop(ref.resource, before)
    this.afterWrite(written)
  }

  #commit(written: Written, make: () => KubeObject): KubeObject {
    this.writes.push(written)
    if (written.dryRun) return structuredClone(make())
    this.beforeWrite(written)
    const stored = this.put(written.resource, make() as never)
    this.afterWrite(written)
    return structuredClone(stored)
  }

  #enter(what: string, signal: AbortSignal): void {
    this.stats.requests++
    if (signal.aborted) throw new InterruptedError()
    if (this.denied.has(what)) throw new DeniedError(`jo may not ${what}`, `a Role rule for ${what} would allow it`)
  }

  #of(resource: ResourceName): Map<string, KubeObject> {
    let kept = this.#objects.get(resource)
    if (kept === undefined) {
      kept = new Map()
      this.#objects.set(resource, kept)
    }
    return kept
  }
}

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`
