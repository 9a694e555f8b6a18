/** What stands before the Service, and the names that are needed on the way. */
import { all, find, sees } from '../../facts/lookup.ts'
import { editedAt } from '../changes.ts'
import { type Claim, type Family, seen, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { logsOf, podIsReady, probesOf, type View } from '../view.ts'
import { askedPort } from './service-port.ts'

export const entrance: Family = (view) => [...ingresses(view), ...dns(view)]

/** Ingresses that lead to the Service: their class, their backend. */
function ingresses(view: View): Claim[] {
  const { service: own } = view.service
  // Without our Service, or without the port that every caller asks for, an Ingress that leads there is one caller more.
  const oneCallerMore = (name: string, port: number | string | undefined): boolean =>
    name === own &&
    (view.front === undefined || view.front.spec.type === 'ExternalName' || askedPort(view)[0]?.hints?.askedPort === String(port))
  return all(view.snapshot, 'ingresses')
    .filter((i) => i.metadata.namespace === view.service.namespace)
    .flatMap((ingress): Claim[] => {
      const backends = [
        ingress.spec?.defaultBackend,
        ...(ingress.spec?.rules ?? []).flatMap((r) => (r.http?.paths ?? []).map((p) => p.backend)),
      ].flatMap((b) => b?.service ?? [])
      const mine = backends.some((b) => b.name === own) || ingress.metadata.name.includes(own)
      if (!mine) return []
      const subject = { kind: 'Ingress', namespace: view.service.namespace, name: ingress.metadata.name }
      // The annotation is older than IngressClass: a controller may go by it in a cluster that has no such object.
      const byField = ingress.spec?.ingressClassName
      const wanted =
        byField ??
        (all(view.snapshot, 'ingressclasses').length > 0 ? ingress.metadata.annotations?.['kubernetes.io/ingress.class'] : undefined)
      if (wanted && sees(view.snapshot, 'ingressclasses') && !find(view.snapshot, 'ingressclasses', wanted))
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
        if ((!service || (port !== undefined && !has)) && !oneCallerMore(b.name, port))
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
