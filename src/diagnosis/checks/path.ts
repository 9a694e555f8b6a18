/** Checks of the way from a caller to the process, and of what watches it. */

import { all } from '../../facts/lookup.ts'
import type { ProbeResult } from '../../facts/snapshot.ts'
import { isolating } from '../network-rules.ts'
import { selectorText } from '../selectors.ts'
import { endpointsOf, instant, podIsReady, probesOf, type View } from '../view.ts'
import {
  asked,
  blind,
  type CheckResult,
  found,
  isResult,
  latestOf,
  many,
  notApplicable,
  ok,
  some,
  troubled,
  unknown,
  windowOf,
} from './result.ts'

/** What a probe answered, in a word: `200`, `503`, `no answer`. */
const answer = (p: ProbeResult): string => (p.result.state === 'ok' ? String(p.result.value.status) : 'no answer')
const well = (p: ProbeResult): boolean => p.result.state === 'ok' && p.result.value.status < 400
const asks = (p: ProbeResult): string => `${p.hop} ${p.name} :${p.port}${p.path}`

export function healthEndpoints(view: View): CheckResult {
  const { health, port } = view.service
  const probes = [...probesOf(view, 'pod'), ...probesOf(view, 'service')].filter((p) => p.purpose === 'live' || p.purpose === 'ready')
  if (probes.length === 0)
    return view.pods.length
      ? unknown('no health endpoint could be asked: no pod of the service runs')
      : notApplicable('there is no pod to ask')
  const denied = probes.every((p) => p.result.state === 'denied') ? probes[0] : undefined
  if (denied && denied.result.state === 'denied') return unknown(`health endpoints could not be asked: ${denied.result.reason}`)
  const bad = probes.filter((p) => !well(p))
  if (bad.length === 0)
    return ok(`${many(probes.length, 'question')} about ${health.live} and ${health.ready} on port ${port}, all answered 2xx or 3xx`)
  const text = some(
    bad.map((p) => {
      const why = p.result.state === 'ok' ? firstWords(p.result.value.body) : p.result.reason
      return `${asks(p)}: ${answer(p)}${why ? ` (${why})` : ''}`
    }),
  )
  return troubled(view) ? found(text) : ok(`${text}; no user notices`)
}

const firstWords = (body: string): string => {
  const line = body.replace(/\s+/g, ' ').trim()
  return line.length > 120 ? `${line.slice(0, 117)}...` : line
}

export function servicePath(view: View): CheckResult {
  const { service, namespace } = view.service
  const unseen = blind(view, 'services')
  if (unseen) return unseen
  if (!view.front) return found(`namespace ${namespace} has no Service ${service}`)
  const noSlices = blind(view, 'endpointslices')
  if (noSlices) return noSlices
  const endpoints = endpointsOf(view.slices)
  const ready = endpoints.filter((e) => e.ready)
  const readyPods = view.pods.filter(podIsReady).length
  if (ready.length === 0) {
    const selector = selectorText(view.front.spec.selector)
    return found(
      readyPods > 0
        ? `Service ${service} has no endpoint although ${many(readyPods, 'pod')} are ready: its selector is ${selector}`
        : `Service ${service} has no ready endpoint, because no pod is ready`,
    )
  }
  const through = probesOf(view, 'service')
  const direct = probesOf(view, 'pod').filter((p) => p.purpose === 'ready')
  const broken = through.length > 0 && through.every((p) => p.result.state === 'unreachable')
  if (broken && direct.some(well))
    return found(
      `pods answer directly, but not through Service ${service}: its target port is ${view.front.spec.ports?.map((p) => p.targetPort ?? p.port).join(', ')}`,
    )
  if (broken) return found(`Service ${service} has ${many(ready.length, 'endpoint')} and none answers`)
  return ok(`Service ${service} leads to ${many(ready.length, 'ready endpoint')}`)
}

export function metricsCollected(view: View): CheckResult {
  const up = instant(view, 'up')
  if (up === undefined)
    return unknown(
      view.snapshot.instant.state === 'ok' ? 'Prometheus was not asked' : `cannot see Prometheus: ${view.snapshot.instant.reason}`,
    )
  if (up.length === 0)
    return unknown('Prometheus scrapes no pod of this service: its metrics are missing, which is not the same as zero errors')
  const down = up.filter((s) => latestOf(s) === 0)
  if (down.length)
    return found(
      `${down.length} of ${many(up.length, 'target')} cannot be scraped: ${some(down.map((s) => s.labels.pod ?? s.labels.instance ?? '?'))}`,
    )
  return ok(`Prometheus scrapes ${many(up.length, 'pod')}`)
}

export function alertsFiring(view: View): CheckResult {
  const { alerts } = view.snapshot
  if (alerts.state !== 'ok') return unknown(`cannot see alerts: ${alerts.state}, ${alerts.reason}`)
  const { namespace, workload, service } = view.service
  const names = new Set([workload, service])
  const active = alerts.value.filter((a) => a.state !== 'suppressed')
  const mine = active.filter(
    (a) =>
      ['service', 'deployment', 'job', 'workload', 'statefulset', 'daemonset'].some((label) => names.has(a.labels[label] ?? '')) ||
      (a.labels.namespace === namespace && (a.labels.pod ?? '').startsWith(workload)),
  )
  const elsewhere = active.length - mine.length
  const rest = elsewhere > 0 ? `; ${many(elsewhere, 'alert')} about other things` : ''
  if (mine.length === 0) return ok(`no alert fires for this service${rest}`)
  const first = [...mine].sort((a, b) => (a.startsAt < b.startsAt ? -1 : 1))
  return found(`${some(first.map((a) => `${a.name} since ${a.startsAt}`))}${rest}`)
}

/** Whether a policy that isolates a direction lets a port through to or from somebody. */
const lets = (
  rules: { ports?: { port?: number | string; endPort?: number }[] }[] | undefined,
  ports: readonly (number | string | undefined)[],
): boolean =>
  (rules ?? []).some(
    (rule) =>
      !rule.ports?.length ||
      rule.ports.some(
        (p) =>
          p.port === undefined ||
          ports.includes(p.port) ||
          (typeof p.port === 'number' &&
            p.endPort !== undefined &&
            ports.some((x) => typeof x === 'number' && x >= Number(p.port) && x <= p.endPort!)),
      ),
  )

export function networkPolicies(view: View): CheckResult {
  const unseen = blind(view, 'networkpolicies')
  if (unseen) return unseen
  const policies = all(view.snapshot, 'networkpolicies')
  const labels = view.template?.metadata?.labels ?? view.pods[0]?.metadata.labels ?? {}
  const pod = { namespace: view.service.namespace, labels, namespaceLabels: {}, address: undefined }
  const [ingress, egress] = [isolating(policies, pod, 'ingress'), isolating(policies, pod, 'egress')]
  const mine = [...new Set([...ingress, ...egress])]
  if (mine.length === 0) return ok('no network policy touches the pods')
  const names = mine.map((p) => p.metadata.name).join(', ')
  const port = view.main?.ports?.find((p) => p.containerPort === view.service.port)?.name
  const closed = [
    ...(ingress.length && !ingress.some((p) => lets(p.spec.ingress, [view.service.port, port]))
      ? [`nobody may reach port ${view.service.port}`]
      : []),
    ...(egress.length && !egress.some((p) => lets(p.spec.egress, [53])) ? ['the pods may not ask DNS (port 53)'] : []),
  ]
  return closed.length
    ? found(`with ${names}: ${closed.join('; ')}`)
    : ok(`${names} touch the pods and leave port ${view.service.port}${egress.length ? ' and DNS' : ''} open to somebody`)
}

export function trust(view: View): CheckResult {
  const lines = view.snapshot.logs.state === 'ok' ? view.snapshot.logs.value.flatMap((l) => l.lines.map((line) => line.text)) : undefined
  const probes = view.snapshot.probes.flatMap((p) => (p.result.state === 'ok' ? [] : [p.result.reason]))
  if (!lines && probes.length === 0) return unknown('neither logs nor failed probes were seen; look at the certificate itself')
  const said = [...(lines ?? []), ...probes].find((t) =>
    /certificate (has expired|is not yet valid|verify failed)|CERT_HAS_EXPIRED|x509:|is forbidden: User "system:serviceaccount/i.test(t),
  )
  return said ? found(firstWords(said)) : ok('no complaint about a certificate or a missing permission in logs and probes')
}

export function rateLimits(view: View): CheckResult {
  const series = asked(view, 'rate_limited', 'refusals by limits')
  if (isResult(series)) return series
  const hits = series
    .map((s) => ({ limiter: s.labels.limiter ?? '?', reason: s.labels.reason ?? '?', n: latestOf(s) ?? 0 }))
    .filter((h) => h.n >= 1)
  hits.sort((a, b) => b.n - a.n)
  return hits.length
    ? found(`in ${windowOf(view).text}: ${some(hits.map((h) => `${h.limiter} (${h.reason}) ${Math.round(h.n)} times`))}`)
    : ok(`no request was refused by a limit in ${windowOf(view).text}`)
}
