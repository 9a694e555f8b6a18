/** When the trouble is with looking: the wrong name, no permission, no measurements. */
import { all, find, findWorkload } from '../../facts/lookup.ts'
import { nearest } from '../../nearest.ts'
import { type Claim, type Family, supported } from '../claim.ts'
import type { View } from '../view.ts'

export const sight: Family = (view) => [...target(view), ...access(view)]

function target(view: View): Claim[] {
  const { service, snapshot } = view
  const kinds = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const
  const part = snapshot.cluster[kinds[service.kind]]
  if (view.workload || part?.state !== 'ok') return []
  const spaces = snapshot.cluster.namespaces
  const noSpace = spaces?.state === 'ok' && !find(snapshot, 'namespaces', service.namespace)
  const names = (['Deployment', 'StatefulSet', 'DaemonSet'] as const).flatMap((kind) =>
    all(snapshot, kinds[kind])
      .filter((w) => w.metadata.namespace === service.namespace)
      .map((w) => ({ kind, name: w.metadata.name })),
  )
  const otherKind = (['Deployment', 'StatefulSet', 'DaemonSet'] as const).find(
    (kind) => kind !== service.kind && findWorkload(snapshot, kind, service.workload, service.namespace),
  )
  const hint = noSpace
    ? nearest(
        service.namespace,
        all(snapshot, 'namespaces').map((n) => n.metadata.name),
      )
    : nearest(
        service.workload,
        names.map((n) => n.name),
      )
  const what = noSpace
    ? `namespace ${service.namespace} does not exist`
    : `there is no ${service.kind} ${service.workload} in ${service.namespace}`
  return [
    supported({
      code: 'wrong_target',
      subject: noSpace ? { kind: 'Namespace', name: service.namespace } : view.subject,
      confidence: 0.97,
      summary: `${what}${otherKind ? `; there is a ${otherKind} of that name` : hint ? `; did you mean ${hint}?` : ''}`,
      evidence: [
        {
          source: 'kubernetes',
          asked: `${service.kind.toLowerCase()}s in ${service.namespace}`,
          observed: names.map((n) => n.name).join(', ') || 'none',
          expected: service.workload,
        },
      ],
      hints: { ...(hint && { name: hint }) },
    }),
  ]
}

/** Nothing of the service can be seen for want of permission. */
function access(view: View): Claim[] {
  const { pods, deployments } = view.snapshot.cluster
  const denied = [pods, deployments].filter((p) => p?.state === 'denied')
  if (denied.length < 2) return []
  return [
    supported({
      code: 'access_denied',
      subject: { kind: 'Namespace', name: view.service.namespace },
      confidence: 0.97,
      summary: `you may not read pods and deployments in ${view.service.namespace}, so nothing can be said of the service`,
      evidence: denied.flatMap((p) =>
        p?.state === 'denied' ? [{ source: 'kubernetes' as const, asked: 'list', observed: p.reason, expected: 'allowed' }] : [],
      ),
    }),
  ]
}
