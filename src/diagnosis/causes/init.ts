/** Init containers that wait for what does not come. */
import { span } from '../../duration.ts'
import { find, sees } from '../../facts/lookup.ts'
import { type Claim, eventEvidence, podCount, podEffect, seen, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { failing } from '../start-failure.ts'
import { material } from '../template-diff.ts'
import { millis } from '../time.ts'
import { containerStatuses, eventsOf, logsOf, podIsReady, type View } from '../view.ts'
import { isDown } from './dependencies.ts'
import { byContainer, changesTo, unique } from './failing-group.ts'

const hangSeconds = 15

const longSeconds = 300

/** A host with a port, as a URL, a shell's /dev/tcp, an address or nc has it. */
const hosts =
  /(?:[a-z][a-z0-9+.-]*:\/\/|\/dev\/tcp\/|(?<=^|[\s"'=@(]))([a-z](?:[a-z0-9-]*[a-z0-9])?)((?:\.[a-z0-9-]+)*)[:/]\d{2,5}(?=$|[/\s"');])|\bnc(?:\s+-\S+)*\s+([a-z](?:[a-z0-9-]*[a-z0-9])?)((?:\.[a-z0-9-]+)*)\s+\d{2,5}\b/gi

/** A host of this namespace that a command names and that is no Service of it; undefined where there is none, or Services were not seen. */
function unknownHost(view: View, command: string): string | undefined {
  if (!sees(view.snapshot, 'services')) return undefined
  const { namespace } = view.service
  return [...command.matchAll(hosts)].flatMap(([, name, rest, byNc, restByNc]) => {
    const host = name ?? byNc ?? 'localhost'
    const domain = rest ?? restByNc ?? ''
    const elsewhere = domain !== '' && domain !== `.${namespace}` && !domain.startsWith(`.${namespace}.svc`)
    return elsewhere || host === 'localhost' || find(view.snapshot, 'services', host, namespace) ? [] : [host]
  })[0]
}

/** Init containers that run and run: something they wait for does not come. */
export function init(view: View): Claim[] {
  return byContainer(failing(view.pods).filter((f) => f.kind === 'init-running')).flatMap((group): Claim[] => {
    const first = group[0]!
    const running = containerStatuses(first.pod).find((s) => s.name === first.container)?.state?.running?.startedAt
    const age = (view.now - (millis(running) ?? view.now)) / 1000
    const logs = logsOf(view, first.pod.metadata.name, first.container)
    const lines = matching(logs, patterns.waiting)
    const argument = [...(first.spec?.command ?? []), ...(first.spec?.args ?? [])].join(' ')
    const down = view.dependencies.find(
      (d) =>
        isDown(view, d) &&
        [d.host, d.serviceName, d.name].some(
          (n) => n && (argument.includes(n) || logs.some((l) => l.lines.some((x) => x.text.includes(n)))),
        ),
    )
    const nowhere = unknownHost(view, argument)
    if (age < hangSeconds || (lines.length < 3 && age < longSeconds && !down && !nowhere)) return []
    const changed = changesTo(view, group)
    const pods = unique(group.map((f) => f.pod))
    return [
      supported({
        code: 'init_dependency_hang',
        subject: view.subject,
        since: running,
        confidence: 0.88,
        introducedByRevision: material(changed).some((c) => c.container === first.container),
        summary: `${podCount(pods, view.pods.length)} never get past init container ${first.container}: it has run for ${span(age)} and still waits${nowhere ? `; it asks for ${nowhere}, which no Service is called` : ''}`,
        evidence: [
          seen(
            'Pod',
            first.pod,
            `status.initContainerStatuses[${first.container}].state.running`,
            `since ${running}`,
            'terminated with exit 0',
            running,
          ),
          ...(lines.length ? [logEvidence(lines)] : []),
          ...eventsOf(view, 'Pod', first.pod.metadata.name, /BackOff|Failed/)
            .slice(0, 1)
            .map(eventEvidence),
        ],
        effects: podEffect(
          pods.filter((p) => !podIsReady(p)),
          'Init, not ready',
        ),
      }),
    ]
  })
}
