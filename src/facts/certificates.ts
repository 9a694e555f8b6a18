/** The certificates that the Secrets of the service, of what it depends on and of its way in hold: a name and two dates each, no key. */
import type { Certificate, Cluster } from '../targets/ports.ts'
import type { KubeObject } from './kubernetes/object.ts'
import type { PodTemplate } from './kubernetes/pod.ts'
import { all } from './lookup.ts'
import { part } from './part.ts'
import type { CertificateFact, ClusterParts, Part, Snapshot } from './snapshot.ts'

const mostSecrets = 16
const certificateKey = /\.(?:crt|cert|pem)$/i

/** Whether the managed fields of a Secret list a key that a certificate is kept under. */
const holdsCertificate = (secret: KubeObject): boolean =>
  (secret.metadata.managedFields ?? []).some(({ fieldsV1 }) =>
    [fieldsV1?.['f:data'], fieldsV1?.['f:stringData']].some((fields) => Object.keys(fields ?? {}).some((key) => certificateKey.test(key))),
  )

/** Secrets that a pod template mounts, by name. */
export const mountedSecrets = (template: PodTemplate | undefined): string[] =>
  (template?.spec.volumes ?? []).flatMap((v) => [
    ...(v.secret?.secretName ? [v.secret.secretName] : []),
    ...(v.projected?.sources ?? []).flatMap((s) => s.secret?.name ?? []),
  ])

/**
 * Reads the certificates of Secrets that a workload of the namespace mounts or an Ingress serves with; at most 16 Secrets, those of
 * Ingresses first. Asks nothing when there is none.
 */
export async function readCertificates(cluster: Cluster, parts: ClusterParts, signal: AbortSignal): Promise<Part<CertificateFact[]>> {
  const seen = { cluster: parts } as Snapshot
  if (parts.secrets && parts.secrets.state !== 'ok') return parts.secrets
  const used = new Set([
    ...all(seen, 'ingresses').flatMap((i) => (i.spec?.tls ?? []).map((t) => `${i.metadata.namespace}/${t.secretName}`)),
    ...(['deployments', 'statefulsets', 'daemonsets'] as const).flatMap((kind) =>
      all(seen, kind).flatMap((w) => mountedSecrets(w.spec?.template).map((name) => `${w.metadata.namespace}/${name}`)),
    ),
  ])
  const secrets = all(seen, 'secrets').filter((s) => used.has(`${s.metadata.namespace}/${s.metadata.name}`) && holdsCertificate(s))
  const chosen = [...used]
    .flatMap((key) => secrets.find((s) => `${s.metadata.namespace}/${s.metadata.name}` === key) ?? [])
    .slice(0, mostSecrets)
  return part(async () => {
    const read = await Promise.all(
      chosen.map(async ({ metadata: { namespace, name } }) =>
        (await cluster.certificates({ namespace, name }, signal)).map((c: Certificate) => ({ ...c, namespace, secret: name })),
      ),
    )
    return read.flat()
  }, signal)
}
