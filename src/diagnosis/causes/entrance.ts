/** What stands before the Service, and the names and certificates that are needed on the way. */
import { all, find, sees } from '../../facts/lookup.ts'
import { editedAt } from '../changes.ts'
import { type Claim, type Family, seen, short, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import type { Evidence } from '../verdict.ts'
import { logsOf, podIsReady, probesOf, type View } from '../view.ts'

export const entrance: Family = (view) => [...ingresses(view), ...certificate(view), ...dns(view)]

/** Ingresses that lead to the Service: their class, their backend. */
function ingresses(view: View): Claim[] {
  const names = new Set([view.service.service])
  return all(view.snapshot, 'ingresses')
    .filter((i) => i.metadata.namespace === view.service.namespace)
    .flatMap((ingress): Claim[] => {
      const backends = [
        ingress.spec?.defaultBackend,
        ...(ingress.spec?.rules ?? []).flatMap((r) => (r.http?.paths ?? []).map((p) => p.backend)),
      ].flatMap((b) => b?.service ?? [])
      const mine = backends.some((b) => names.has(b.name)) || ingress.metadata.name.includes(view.service.service)
      if (!mine) return []
      const subject = { kind: 'Ingress', namespace: view.service.namespace, name: ingress.metadata.name }
      const wanted = ingress.spec?.ingressClassName ?? ingress.metadata.annotations?.['kubernetes.io/ingress.class']
      if (
        wanted &&
        sees(view.snapshot, 'ingressclasses') &&
        all(view.snapshot, 'ingressclasses').length > 0 &&
        !find(view.snapshot, 'ingressclasses', wanted)
      )
        return [
          supported({
            code: 'ingress_class',
            subject,
            since: editedAt(ingress),
            confidence: 0.9,
            summary: `Ingress ${ingress.metadata.name} asks for class ${wanted}, which does not exist`,
            evidence: [seen('Ingress', ingress, 'spec.ingressClassName', wanted, 'an IngressClass of the cluster', editedAt(ingress))],
          }),
        ]
      for (const b of backends) {
        const service = find(view.snapshot, 'services', b.name, view.service.namespace)
        const port = b.port?.number ?? b.port?.name
        const has = service?.spec.ports?.some((p) => p.port === port || p.name === port)
        if (!service || (port !== undefined && !has))
          return [
            supported({
              code: 'ingress_misroute',
              subject,
              since: editedAt(ingress),
              confidence: 0.93,
              summary: `Ingress ${ingress.metadata.name} leads to ${service ? `port ${port} of Service ${b.name}, which it does not have` : `Service ${b.name}, which does not exist`}`,
              evidence: [
                seen(
                  'Ingress',
                  ingress,
                  'backend',
                  `${b.name}:${port}`,
                  service ? `one of ${service.spec.ports?.map((p) => p.port).join(', ')}` : 'a Service that exists',
                  editedAt(ingress),
                ),
              ],
            }),
          ]
      }
      return []
    })
}

function certificate(view: View): Claim[] {
  const lines = matching(logsOf(view), patterns.certificate, view.now - 600_000)
  const edge = view.snapshot.probes.find((p) => p.result.state !== 'ok' && patterns.certificate.test(p.result.reason))
  if (lines.length === 0 && !edge) return []
  const ingress = all(view.snapshot, 'ingresses').find((i) => i.spec?.tls?.length)
  const secret =
    ingress?.spec?.tls?.[0]?.secretName ??
    (view.template?.spec.volumes ?? [])
      .flatMap((v) => v.secret?.secretName ?? [])
      .find((n) => find(view.snapshot, 'secrets', n, view.service.namespace)?.type === 'kubernetes.io/tls' || /tls|cert/i.test(n))
  const evidence: Evidence[] = [
    ...(lines.length ? [logEvidence(lines)] : []),
    ...(edge && edge.result.state !== 'ok'
      ? [
          {
            source: 'probe' as const,
            asked: `GET ${edge.path} of ${edge.name}`,
            observed: short(edge.result.reason),
            expected: 'a valid certificate',
          },
        ]
      : []),
  ]
  return [
    supported({
      code: 'tls_expired',
      subject: secret ? { kind: 'Secret', namespace: view.service.namespace, name: secret } : view.subject,
      since: lines[0]?.time,
      confidence: 0.9,
      summary: `a certificate has expired${secret ? ` (Secret ${secret})` : ''}`,
      evidence,
    }),
  ]
}

/** A pod whose DNS settings cannot resolve names of the cluster. */
function dns(view: View): Claim[] {
  const spec = view.template?.spec
  const lines = matching(logsOf(view), patterns.dns, view.now - 300_000)
  const policy = spec?.dnsPolicy ?? 'ClusterFirst'
  const suspicious = policy === 'Default' || policy === 'None' || (spec?.hostNetwork === true && policy !== 'ClusterFirstWithHostNet')
  const suffering =
    lines.length > 0 ||
    view.pods.some((p) => !podIsReady(p)) ||
    probesOf(view, 'pod').some((p) => p.result.state === 'ok' && p.result.value.status >= 500)
  if (!suspicious || !suffering || !view.workload) return []
  const needs = view.dependencies.some((d) => d.serviceName)
  if (!needs && lines.length === 0) return []
  return [
    supported({
      code: 'dns_policy',
      subject: view.subject,
      since: editedAt(view.workload),
      confidence: lines.length ? 0.95 : 0.85,
      summary: `the pods cannot resolve names of the cluster: dnsPolicy is ${policy}${spec?.hostNetwork ? ' on the host network' : ''}`,
      evidence: [
        seen(
          view.service.kind,
          view.workload,
          'spec.template.spec.dnsPolicy',
          policy,
          spec?.hostNetwork ? 'ClusterFirstWithHostNet' : 'ClusterFirst',
        ),
        ...(lines.length ? [logEvidence(lines)] : []),
      ],
      introducedByRevision: true,
    }),
  ]
}
