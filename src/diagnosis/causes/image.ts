/** Images that cannot be had: not there, not allowed, or built for another processor. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { find } from '../../facts/lookup.ts'
import { recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, eventEvidence, type Family, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { patterns } from '../logs.ts'
import { type Failing, failing } from '../start-failure.ts'
import { earliest } from '../time.ts'
import type { Evidence } from '../verdict.ts'
import { eventsOf, logsOf, podIsReady, type View } from '../view.ts'

const notAllowed = /unauthori[sz]ed|authentication required|denied|forbidden|no basic auth|40[13]\b|credentials|insufficient_scope/i
const notThere =
  /not found|manifest unknown|does not exist|name unknown|no such image|repository .* unknown|invalid reference|couldn't parse image|404/i

export const image: Family = (view) => [...pulls(view), ...architecture(view)]

function pulls(view: View): Claim[] {
  const pulling = failing(view.pods).filter((f) => f.kind === 'pull')
  const claims: Claim[] = []
  for (const name of new Set(pulling.map((f) => `${f.container}\n${f.spec?.image}`))) {
    const group = pulling.filter((f) => `${f.container}\n${f.spec?.image}` === name)
    claims.push(...judgePull(view, group))
  }
  return claims
}

function judgePull(view: View, group: readonly Failing[]): Claim[] {
  const first = group[0]!
  const picture = first.spec?.image ?? first.status?.image ?? '?'
  const pods = group.map((g) => g.pod)
  const changed = recentDiff(view)?.find((c) => c.field === 'image' && c.container === first.container && view.newPods.includes(first.pod))
  const missingSecret = (first.pod.spec.imagePullSecrets ?? [])
    .map((s) => s.name)
    .filter((n) => n !== undefined)
    .find((n) => view.snapshot.cluster.secrets?.state === 'ok' && !find(view.snapshot, 'secrets', n, view.service.namespace))
  const retrieval = pods.flatMap((p) => eventsOf(view, 'Pod', p.metadata.name, /FailedToRetrieveImagePullSecret/))[0]
  const lost = missingSecret ?? (retrieval && /secrets?\s*\(?"?([a-z0-9.-]+)"?/i.exec(retrieval.message ?? '')?.[1])
  // Kubelet repeats "Back-off pulling image"; the registry's own words are in the longest message or in an event.
  const words =
    [
      ...group.map((g) => g.message),
      ...pods.flatMap((p) => eventsOf(view, 'Pod', p.metadata.name, /^Failed$/).map((e) => e.message ?? '')),
    ].sort((a, b) => b.length - a.length)[0] ?? ''
  const auth = notAllowed.test(words) && !(notThere.test(words) && !lost)
  const isAuth = changed ? auth && !notThere.test(words) : auth || lost !== undefined
  const evidence: Evidence[] = [
    seen(
      'Pod',
      first.pod,
      `status.containerStatuses[${first.container}].state.waiting`,
      short(`${first.reason}: ${words || first.message}`),
      'running',
    ),
    ...(changed
      ? [
          seen(
            view.service.kind,
            view.workload ?? first.pod,
            `revision ${view.revisions[0]?.number} image of container ${first.container}`,
            `${changed.from} -> ${changed.to}`,
            'an image that nodes can pull',
            rolledOutAt(view),
          ),
        ]
      : []),
    ...(retrieval ? [eventEvidence(retrieval)] : []),
  ]
  const since = earliest(...pods.map((p) => p.metadata.creationTimestamp))
  const effects = podEffect(pods, `cannot start: ${first.reason}`)
  const unchanged = `image ${picture} is the same as in the earlier revision`
  if (isAuth) {
    const subject = lost ? { kind: 'Secret', namespace: view.service.namespace, name: lost } : view.subject
    return [
      supported({
        code: 'image_pull_auth',
        subject,
        since,
        confidence: lost ? 0.96 : 0.9,
        evidence: lost
          ? [
              ...evidence,
              {
                source: 'kubernetes',
                asked: `secret/${lost} in ${view.service.namespace}`,
                observed: 'not found',
                expected: 'a pull secret for the registry',
              },
            ]
          : evidence,
        effects,
        summary: lost
          ? `${podCount(pods, view.pods.length)} cannot pull ${picture}: the pull secret ${lost} is gone`
          : `${podCount(pods, view.pods.length)} cannot pull ${picture}: the registry refuses the credentials`,
      }),
      refuted(
        'image_not_found',
        view.subject,
        changed ? `the registry refused the pull, it did not say that the image is missing` : unchanged,
      ),
    ]
  }
  return [
    supported({
      code: 'image_not_found',
      subject: view.subject,
      since,
      confidence: changed || notThere.test(words) ? 0.97 : 0.85,
      evidence,
      effects,
      introducedByRevision: changed !== undefined,
      summary: `${podCount(pods, view.pods.length)} cannot pull ${picture}: ${changed ? `revision ${view.revisions[0]?.number} changed it from ${changed.from} and ` : ''}no node can get it`,
    }),
    refuted(
      'image_pull_auth',
      view.subject,
      changed
        ? `the image was changed in revision ${view.revisions[0]?.number}, and no pull secret is missing`
        : 'no pull secret is missing and the registry did not refuse credentials',
    ),
  ]
}

/** Whether the kernel took the file for no program that it can run: the runtime says so, or its last step does in the container's own log. */
export const wrongFormat = (view: View, f: Failing): boolean =>
  (f.kind === 'create' || f.kind === 'crash') &&
  (patterns.architecture.test(f.message) ||
    logsOf(view, f.pod.metadata.name, f.container).some((l) => l.lines.some((line) => startFailed.test(line.text))))

const startFailed = /^exec \S+: exec format error/i

/** Whether what is run is a script, which the kernel refuses in the same words where its first line names no interpreter. */
export const runsScript = (f: Failing): boolean => /\.(?:sh|bash|py|pl|rb|js|mjs|cjs|php|lua)$/.test(f.spec?.command?.[0] ?? '')

/** A pod that is not ready and whose log alone tells: its state is between two runs. */
const loggedAlone = (view: View): Pod | undefined =>
  failing(view.pods).some((f) => wrongFormat(view, f))
    ? undefined
    : view.pods.find(
        (p) => !podIsReady(p) && logsOf(view, p.metadata.name).some((l) => l.lines.some((line) => startFailed.test(line.text))),
      )

function architecture(view: View): Claim[] {
  const wrong = failing(view.pods).filter((f) => wrongFormat(view, f) && !runsScript(f))
  const pod = wrong[0]?.pod ?? loggedAlone(view)
  if (!pod) return []
  const brought = ['image', 'command', 'containers']
  const changed = view.newPods.includes(pod) && (recentDiff(view)?.some((c) => brought.includes(c.field)) ?? false)
  const node = find(view.snapshot, 'nodes', pod.spec.nodeName)
  return [
    supported({
      code: 'image_arch_mismatch',
      subject: view.subject,
      since: pod.metadata.creationTimestamp,
      confidence: 0.95,
      introducedByRevision: changed,
      summary: `the image's program was built for another processor than node ${pod.spec.nodeName} (${node?.status?.nodeInfo?.architecture ?? 'unknown architecture'}) has`,
      evidence: [
        seen(
          'Pod',
          pod,
          'container start',
          short(wrong[0]?.message || 'exec format error'),
          `a program for ${node?.status?.nodeInfo?.architecture ?? 'this node'}`,
        ),
      ],
      effects: podEffect(
        wrong.map((w) => w.pod),
        'cannot start: exec format error',
      ),
    }),
  ]
}
