/** A certificate on the way in, of the service itself or of what it depends on, that is past its end or before its beginning. */
import { mountedSecrets } from '../../facts/certificates.ts'
import type { Ingress } from '../../facts/kubernetes/network.ts'
import { all } from '../../facts/lookup.ts'
import type { CertificateFact } from '../../facts/snapshot.ts'
import { type Claim, type Family, short, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import type { Evidence } from '../verdict.ts'
import { logsOf, probesOf, type View } from '../view.ts'

type Holder = 'way in' | 'service' | 'dependency'

/** Who shows a certificate to whom decides how much the dates alone prove. */
const proof: Readonly<Record<Holder, number>> = { 'way in': 0.9, service: 0.85, dependency: 0 }

export const certificates: Family = (view) => {
  const lines = matching(logsOf(view), patterns.certificate, view.now - 600_000)
  const refusedProbe = view.snapshot.probes.find((p) => p.result.state !== 'ok' && patterns.certificate.test(p.result.reason))
  const said: Evidence[] = [
    ...(lines.length ? [logEvidence(lines)] : []),
    ...(refusedProbe && refusedProbe.result.state !== 'ok'
      ? [
          {
            source: 'probe' as const,
            asked: `GET ${refusedProbe.path} of ${refusedProbe.name}`,
            observed: short(refusedProbe.result.reason),
            expected: 'a valid certificate',
          },
        ]
      : []),
  ]
  const dated = expired(view).map(({ fact, holder }) => ({ fact, holder, confidence: said.length ? 0.97 : proof[holder] }))
  const proven = dated.filter(({ confidence }) => confidence > 0)
  if (proven.length > 0) return proven.map(({ fact, confidence }) => claimOf(view, fact, confidence, said))
  if (said.length === 0) return []
  const unread = view.snapshot.certificates?.state !== 'ok'
  const secret = unread ? likelySecret(view) : undefined
  return [
    supported({
      code: 'tls_expired',
      subject: secret ? { kind: 'Secret', namespace: view.service.namespace, name: secret } : view.subject,
      since: lines[0]?.time,
      confidence: secret ? 0.8 : 0.7,
      summary: `a certificate has expired${secret ? ` (Secret ${secret}, as far as its name tells)` : ': none that the namespace holds'}`,
      evidence: said,
    }),
  ]
}

function claimOf(view: View, fact: CertificateFact, confidence: number, said: Evidence[]): Claim {
  const early = Date.parse(fact.notBefore) > view.now
  const date = early ? fact.notBefore : fact.notAfter
  return supported({
    code: 'tls_expired',
    subject: { kind: 'Secret', namespace: fact.namespace, name: fact.secret },
    since: early ? undefined : date,
    confidence,
    summary: `the certificate in Secret ${fact.secret} ${early ? 'is not valid before' : 'expired at'} ${date}`,
    evidence: [
      {
        source: 'kubernetes',
        asked: `secret/${fact.secret} ${fact.key}: ${early ? 'not before' : 'not after'}`,
        observed: `${date} (${short(fact.subject, 80)})`,
        expected: early ? 'a time that has passed' : 'a time to come',
      },
      ...said,
    ],
  })
}

/** Certificates that somebody on the path shows, and that no client accepts now. */
function expired(view: View): { fact: CertificateFact; holder: Holder }[] {
  const { certificates } = view.snapshot
  if (certificates?.state !== 'ok') return []
  return certificates.value
    .filter((c) => Date.parse(c.notAfter) < view.now || Date.parse(c.notBefore) > view.now)
    .flatMap((fact) => {
      const holder = holderOf(view, fact)
      return holder ? [{ fact, holder }] : []
    })
}

function holderOf(view: View, fact: CertificateFact): Holder | undefined {
  const { namespace } = view.service
  const wayIn = all(view.snapshot, 'ingresses').some(
    (i) =>
      i.metadata.namespace === fact.namespace &&
      fact.namespace === namespace &&
      leadsTo(i, view.service.service) &&
      i.spec?.tls?.some((t) => t.secretName === fact.secret),
  )
  if (wayIn) return 'way in'
  if (fact.namespace === namespace && mountedSecrets(view.template).includes(fact.secret)) return speaksTls(view) ? 'service' : 'dependency'
  const shown = view.dependencies.some(
    (d) => d.workload?.metadata.namespace === fact.namespace && mountedSecrets(d.workload?.spec?.template).includes(fact.secret),
  )
  return shown ? 'dependency' : undefined
}

const leadsTo = (ingress: Ingress, service: string): boolean =>
  ingress.spec?.defaultBackend?.service?.name === service ||
  (ingress.spec?.rules ?? []).some((r) => (r.http?.paths ?? []).some((p) => p.backend.service?.name === service))

/** Whether the service's own port is served over TLS, as its probes say. */
const speaksTls = (view: View): boolean =>
  (view.template?.spec.containers ?? []).some((c) => [c.readinessProbe, c.livenessProbe].some((p) => p?.httpGet?.scheme === 'HTTPS')) ||
  probesOf(view, 'pod').some((p) => p.result.state === 'ok' && /HTTP request to an HTTPS server/i.test(p.result.value.body))

/** Where no certificate could be read: the Secret that by its use holds one. */
const likelySecret = (view: View): string | undefined =>
  all(view.snapshot, 'ingresses').find((i) => leadsTo(i, view.service.service) && i.spec?.tls?.length)?.spec?.tls?.[0]?.secretName ??
  mountedSecrets(view.template).find((name) => /tls|cert/i.test(name))
