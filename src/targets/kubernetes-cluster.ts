/** Cluster and ClusterWriter over the API server's own HTTP API. */

import { UnreachableError } from '../errors.ts'
import type { KubeObject } from '../facts/kubernetes/object.ts'
import { type ResourceName, type Resources, resources } from '../facts/kubernetes/resources.ts'
import { type Connection, KubernetesApi } from './kubernetes-api.ts'
import { certificatesIn } from './kubernetes-certificates.ts'
import { bareMetadata, goJson } from './kubernetes-objects.ts'
import { askedFor, askedForPath, pathOf, writeParameters } from './kubernetes-paths.ts'
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
} from './ports.ts'

const pageSize = 500
const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'
const metadataOne = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json'

const patchTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

interface RawList<T> {
  items?: T[] | null
  metadata?: { continue?: string }
}

export class KubernetesCluster implements Cluster, ClusterWriter {
  readonly #api: KubernetesApi

  constructor(connection: Connection) {
    this.#api = new KubernetesApi(connection)
  }

  get stats(): { readonly requests: number } {
    return this.#api.stats
  }

  identity(): ClusterIdentity {
    return this.#api.connection.identity
  }

  /** `serverTime` is the API server's clock in milliseconds since the epoch, to the second. */
  async version(signal: AbortSignal): Promise<{ gitVersion: string; serverTime: number | undefined }> {
    const answer = await this.#api.send({ path: '/version', asked: { verb: 'get', group: '', resource: '/version' } }, signal)
    const time = Date.parse(String(answer.headers.date))
    let gitVersion: unknown
    try {
      gitVersion = (JSON.parse(answer.body) as { gitVersion?: unknown }).gitVersion
    } catch {}
    if (typeof gitVersion !== 'string') {
      throw new UnreachableError(
        `${this.identity().server} answered, but not as a Kubernetes API server does`,
        'check the address in the kubeconfig and HTTPS_PROXY',
      )
    }
    return { gitVersion, serverTime: Number.isNaN(time) ? undefined : time }
  }

  async list<K extends ResourceName>(resource: K, query: ListQuery, signal: AbortSignal): Promise<Listing<Resources[K]>> {
    const place = resources[resource]
    const metadataOnly = query.metadataOnly === true || resource === 'secrets'
    const items: Resources[K][] = []
    const wanted = query.limit ?? Number.POSITIVE_INFINITY
    let next: string | undefined
    do {
      const parameters = new URLSearchParams({ limit: String(Math.min(pageSize, wanted - items.length)) })
      if (query.labelSelector) parameters.set('labelSelector', query.labelSelector)
      if (query.fieldSelector) parameters.set('fieldSelector', query.fieldSelector)
      if (next) parameters.set('continue', next)
      const page: RawList<Resources[K]> = await this.#api.json(
        {
          path: `${pathOf(place, query.namespace)}?${parameters}`,
          asked: askedFor('list', place, query.namespace),
          accept: metadataOnly ? metadataList : 'application/json',
        },
        signal,
      )
      for (const item of page.items ?? []) items.push(metadataOnly ? bareMetadata(item) : item)
      next = page.metadata?.continue || undefined
    } while (next !== undefined && items.length < wanted)
    return { items: items.slice(0, wanted), truncated: next !== undefined || items.length > wanted }
  }

  async get<K extends ResourceName>(
    resource: K,
    ref: { namespace?: string | undefined; name: string },
    signal: AbortSignal,
  ): Promise<Resources[K]> {
    const place = resources[resource]
    const secret = resource === 'secrets'
    const found = await this.#api.json<Resources[K]>(
      {
        path: pathOf(place, ref.namespace, ref.name),
        asked: askedFor('get', place, ref.namespace, ref.name),
        accept: secret ? metadataOne : 'application/json',
      },
      signal,
    )
    return secret ? bareMetadata(found) : found
  }

  async certificates(ref: { namespace?: string | undefined; name: string }, signal: AbortSignal): Promise<Certificate[]> {
    const place = resources.secrets
    const { data } = await this.#api.json<{ data?: Record<string, string> }>(
      { path: pathOf(place, ref.namespace, ref.name), asked: askedFor('get', place, ref.namespace, ref.name), accept: 'application/json' },
      signal,
    )
    return certificatesIn(data ?? {})
  }

  async logs(query: LogQuery, signal: AbortSignal): Promise<string> {
    const limit = query.limitBytes ?? 1024 * 1024
    const parameters = new URLSearchParams({ container: query.container, timestamps: 'true', limitBytes: String(limit) })
    if (query.previous) parameters.set('previous', 'true')
    if (query.tailLines !== undefined) parameters.set('tailLines', String(query.tailLines))
    if (query.sinceSeconds !== undefined) parameters.set('sinceSeconds', String(query.sinceSeconds))
    const answer = await this.#api.send(
      {
        path: `${pathOf(resources.pods, query.namespace, query.pod)}/log?${parameters}`,
        asked: { verb: 'get', group: '', resource: 'pods/log', namespace: query.namespace, name: query.pod },
        limitBytes: limit,
      },
      signal,
    )
    return answer.body
  }

  async proxy(request: ProxyRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const scheme = request.scheme === 'https' ? 'https:' : ''
    const path = request.path.startsWith('/') ? request.path : `/${request.path}`
    const answer = await this.#api.send(
      {
        method: request.method ?? (request.form === undefined ? 'GET' : 'POST'),
        path: `/api/v1/namespaces/${encodeURIComponent(request.namespace)}/${request.kind}/${scheme}${encodeURIComponent(request.name)}:${request.port}/proxy${path}`,
        asked: {
          verb: request.method === 'DELETE' ? 'delete' : request.form === undefined ? 'get' : 'create',
          group: '',
          resource: `${request.kind}/proxy`,
          namespace: request.namespace,
          name: request.name,
        },
        body: request.form,
        contentType: 'application/x-www-form-urlencoded',
        headers: request.headers ?? {},
        limitBytes: request.limitBytes,
        proxied: true,
      },
      signal,
    )
    const headers = Object.fromEntries(
      Object.entries(answer.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    )
    return { status: answer.status, body: answer.body, seconds: answer.seconds, contentType: answer.contentType, headers }
  }

  async raw(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#api.send({ path, asked: askedForPath(path) }, signal)
    return { status: answer.status, body: answer.body, seconds: answer.seconds, contentType: answer.contentType }
  }

  async can(checks: readonly AccessCheck[], signal: AbortSignal): Promise<boolean[]> {
    return Promise.all(checks.map((check) => this.#canOne(check, signal)))
  }

  async #canOne(check: AccessCheck, signal: AbortSignal): Promise<boolean> {
    const review = await this.#api.json<{ status?: { allowed?: boolean } }>(
      {
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        asked: { verb: 'create', group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' },
        body: JSON.stringify({
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: check },
        }),
      },
      signal,
    )
    return review.status?.allowed === true
  }

  async patch(
    ref: ObjectRef,
    type: PatchType,
    body: unknown,
    options: WriteOptions & { subresource?: string },
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const place = resources[ref.resource]
    const subresource = options.subresource === undefined ? '' : `/${options.subresource}`
    const asked = askedFor('patch', place, ref.namespace, ref.name)
    return this.#write(
      ref.resource,
      {
        method: 'PATCH',
        path: `${pathOf(place, ref.namespace, ref.name)}${subresource}?${writeParameters(options)}`,
        asked: { ...asked, resource: asked.resource + subresource },
        contentType: patchTypes[type],
        body: type === 'json' ? goJson(body) : JSON.stringify(body),
      },
      signal,
    )
  }

  async create(
    resource: ResourceName,
    namespace: string | undefined,
    body: unknown,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const place = resources[resource]
    return this.#write(
      resource,
      {
        method: 'POST',
        path: `${pathOf(place, namespace)}?${writeParameters(options)}`,
        asked: askedFor('create', place, namespace),
        body: JSON.stringify(body),
      },
      signal,
    )
  }

  async remove(ref: ObjectRef, options: WriteOptions & { uid?: string; resourceVersion?: string }, signal: AbortSignal): Promise<void> {
    const place = resources[ref.resource]
    const { uid, resourceVersion } = options
    const preconditions = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) }
    await this.#write(
      ref.resource,
      {
        method: 'DELETE',
        path: pathOf(place, ref.namespace, ref.name),
        asked: askedFor('delete', place, ref.namespace, ref.name),
        body: JSON.stringify({
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          preconditions,
          ...(options.dryRun ? { dryRun: ['All'] } : {}),
        }),
      },
      signal,
    )
  }

  async #write(resource: ResourceName, request: Parameters<KubernetesApi['json']>[0], signal: AbortSignal): Promise<KubeObject> {
    const answer = await this.#api.json<KubeObject>(request, signal)
    return resource === 'secrets' ? bareMetadata(answer) : answer
  }
}
