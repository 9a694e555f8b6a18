/** The way to the pods, hop by hop: name, Service, endpoints, ports, policies, and what the pods may ask themselves. Pure. */
import type { ResourceName } from '../facts/kubernetes/resources.ts'
import { all, sees } from '../facts/lookup.ts'
import { portNumber } from '../facts/probes.ts'
import type { ProbeResult } from '../facts/snapshot.ts'
import { dnsPod, namespaceLabels, partyOf } from './network-party.ts'
import { allowed, isolating, type Party } from './network-rules.ts'
import { mapSelects, selectorText } from './selectors.ts'
import { endpointsOf, podIsReady, type View } from './view.ts'

export interface Hop {
  hop: string
  state: 'ok' | 'broken' | 'unknown' | 'note'
  said: string
  /** What would let it be seen. */
  next?: string | undefined
}

/** From a caller in `from` (the namespace of the service where not said) to the pods. `probes` are what was really asked. */
export function pathCheck(view: View, probes: readonly ProbeResult[], from: string): Hop[] {
  return [...dns(view), ...service(view), ...endpoints(view), ...inward(view, from), ...outward(view), ...answers(probes)]
}

/** A hop of which nothing can be said, with the rule that would change that. */
function notSeen(view: View, hop: string, kind: ResourceName, said: string): Hop {
  const part = view.snapshot.cluster[kind]
  return { hop, state: 'unknown', said: `${said} were not seen`, ...(part && part.state !== 'ok' && part.next ? { next: part.next } : {}) }
}

function dns(view: View): Hop[] {
  const hop = 'name'
  const full = `${view.service.service}.${view.service.namespace}.svc`
  const pods = all(view.snapshot, 'pods').filter(
    (pod) => pod.metadata.namespace === 'kube-system' && pod.metadata.labels?.['k8s-app'] === 'kube-dns',
  )
  if (pods.length === 0) return [{ hop, state: 'unknown', said: `${full}: the pods of the cluster's DNS were not seen` }]
  const ready = pods.filter(podIsReady).length
  return [
    { hop, state: ready > 0 ? 'ok' : 'broken', said: `${full} is answered by the cluster's DNS, ${ready} of ${pods.length} pods ready` },
  ]
}

function service(view: View): Hop[] {
  const hop = 'Service'
  const { front, pods, service: wanted } = view
  if (!front)
    return sees(view.snapshot, 'services')
      ? [{ hop, state: 'broken', said: `there is no Service ${wanted.service}` }]
      : [notSeen(view, hop, 'services', 'Services')]
  if (front.spec.type === 'ExternalName')
    return [{ hop, state: 'note', said: `${front.metadata.name} only renames ${front.spec.externalName}` }]
  const picked = pods.filter((pod) => mapSelects(front.spec.selector, pod.metadata.labels))
  const selector = selectorText(front.spec.selector)
  const hops: Hop[] = [
    picked.length > 0 || pods.length === 0
      ? {
          hop,
          state: 'ok',
          said: `${front.metadata.name} (${front.spec.clusterIP ?? 'no address'}) selects ${selector}: ${picked.length} of ${pods.length} pods`,
        }
      : { hop, state: 'broken', said: `${front.metadata.name} selects ${selector}, and no pod of ${wanted.workload} has these labels` },
  ]
  for (const port of front.spec.ports ?? []) {
    const target = port.targetPort ?? port.port
    const number = portNumber(view.main, target)
    const opens = view.main?.ports?.some((one) => one.containerPort === number)
    const said = `port ${port.port} leads to ${target}${number !== undefined && String(target) !== String(number) ? ` (${number})` : ''}`
    if (number === undefined)
      hops.push({ hop: 'port', state: 'broken', said: `${said}, a name that container ${view.main?.name ?? '?'} does not have` })
    else
      hops.push({
        hop: 'port',
        state: opens ? 'ok' : 'note',
        said: opens ? said : `${said}, which container ${view.main?.name ?? '?'} does not declare`,
      })
  }
  return hops
}

function endpoints(view: View): Hop[] {
  const hop = 'endpoints'
  if (!sees(view.snapshot, 'endpointslices')) return [notSeen(view, hop, 'endpointslices', 'EndpointSlices')]
  const list = endpointsOf(view.slices)
  const ready = list.filter((one) => one.ready)
  const not = list.filter((one) => !one.ready).map((one) => one.pod ?? one.address)
  const said = `${ready.length} of ${list.length} addresses take traffic${not.length > 0 ? `; not ${not.slice(0, 5).join(', ')}` : ''}`
  return [
    { hop, state: ready.length > 0 ? 'ok' : 'broken', said: list.length === 0 ? 'no address at all stands behind the Service' : said },
  ]
}

/** Whether policies let a plain pod of a namespace in. */
function inward(view: View, from: string): Hop[] {
  const hop = 'policy in'
  if (!sees(view.snapshot, 'networkpolicies')) return [notSeen(view, hop, 'networkpolicies', 'NetworkPolicies')]
  const [pod] = view.pods
  if (!pod) return []
  const policies = all(view.snapshot, 'networkpolicies')
  const to = partyOf(view, pod)
  const port = view.service.port
  const closing = isolating(policies, to, 'ingress').map((policy) => policy.metadata.name)
  if (closing.length === 0) return [{ hop, state: 'ok', said: 'no policy restricts who may ask the pods' }]
  const caller: Party = { namespace: from, labels: {}, namespaceLabels: namespaceLabels(view, from), address: undefined }
  const open = allowed(policies, to, 'ingress', caller, { port, protocol: 'TCP' }).allowed
  const who = `a pod without labels in namespace ${from}`
  return [{ hop, state: open ? 'ok' : 'note', said: `${closing.join(', ')}: ${who} ${open ? 'may' : 'may not'} ask port ${port}` }]
}

/** Whether policies let the pods ask DNS and what they depend on. */
function outward(view: View): Hop[] {
  const [pod] = view.pods
  if (!pod || !sees(view.snapshot, 'networkpolicies')) return []
  const policies = all(view.snapshot, 'networkpolicies')
  const self = partyOf(view, pod)
  const closing = isolating(policies, self, 'egress').map((policy) => policy.metadata.name)
  if (closing.length === 0) return [{ hop: 'policy out', state: 'ok', said: 'no policy restricts whom the pods may ask' }]
  const by = closing.join(', ')
  const server = dnsPod(view)
  const hops: Hop[] = []
  if (server) {
    const open = allowed(policies, self, 'egress', partyOf(view, server), { port: 53, protocol: 'UDP' }).allowed
    hops.push({
      hop: 'policy out',
      state: open ? 'ok' : 'broken',
      said: `${by}: the pods ${open ? 'may' : 'may not'} ask the cluster's DNS`,
    })
  }
  for (const dependency of view.dependencies) {
    const [other] = dependency.pods
    if (!other || dependency.port === undefined) continue
    const open = allowed(policies, self, 'egress', partyOf(view, other), { port: dependency.port, protocol: 'TCP' }).allowed
    hops.push({
      hop: 'policy out',
      state: open ? 'ok' : 'broken',
      said: `${by}: the pods ${open ? 'may' : 'may not'} ask ${dependency.name} on port ${dependency.port}`,
    })
  }
  return hops.length > 0 ? hops : [{ hop: 'policy out', state: 'note', said: `${by} restrict whom the pods may ask` }]
}

/** What was really asked, through the API server. */
function answers(probes: readonly ProbeResult[]): Hop[] {
  return probes.map(({ hop, name, port, path, result }): Hop => {
    const asked = `GET ${path} of ${hop} ${name} port ${port}`
    if (result.state !== 'ok') {
      const state = result.state === 'denied' ? 'unknown' : 'broken'
      return { hop: `ask ${hop}`, state, said: `${asked}: ${result.reason}`, ...(result.next ? { next: result.next } : {}) }
    }
    const { status, seconds } = result.value
    return {
      hop: `ask ${hop}`,
      state: status < 400 ? 'ok' : 'broken',
      said: `${asked} answers ${status} in ${Math.round(seconds * 1000)} ms`,
    }
  })
}
