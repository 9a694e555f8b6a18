/** From what was tried to lines with a state and a cure. Pure. */
import type { AccessFound, DoctorFacts } from '../facts/doctor.ts'
import { rulesFor } from '../facts/permissions.ts'
import type { Part, Unseen } from '../facts/snapshot.ts'

export interface DoctorLine {
  area: 'cluster' | 'permissions' | 'sources'
  what: string
  /** `limited`: diagnosis works, with less to see. The others keep it from working. */
  state: 'ok' | 'limited' | 'denied' | 'unreachable' | 'absent'
  says: string
  /** What changes it: a Role rule, a flag, a command; as it must be pasted, perhaps on several lines. */
  fix?: string | undefined
}

/** What `task-mcp doctor --json` prints. */
export interface DoctorReport {
  schemaVersion: 1
  takenAt: string
  /** Whether a diagnosis can work from here: `yes`, `denied` (permissions), `unreachable` (no cluster, no workload, a source that was asked for). */
  works: 'yes' | 'denied' | 'unreachable'
  lines: DoctorLine[]
}

/** Clocks further apart than this make "before" and "after" of logs and events doubtful. */
const skewLimit = 5

export function judgeDoctor(facts: DoctorFacts): DoctorReport {
  // Behind an API server that does not answer, everything fails alike: once is enough. Sources by URL may still be there.
  const reached = facts.version.state === 'ok'
  const lines = [
    ...clusterLines(facts),
    ...(reached ? permissionLines(facts) : []),
    ...sourceLines(facts).filter((line) => reached || line.state === 'ok'),
  ]
  const bad = lines.filter((line) => line.state !== 'ok' && line.state !== 'limited')
  const works = bad.length === 0 ? 'yes' : bad.every((line) => line.state === 'denied') ? 'denied' : 'unreachable'
  return { schemaVersion: 1, takenAt: facts.takenAt, works, lines }
}

function clusterLines(facts: DoctorFacts): DoctorLine[] {
  const { identity, version, workload, service } = facts
  const area = 'cluster'
  const lines: DoctorLine[] = []
  if (identity.state !== 'ok') return [failed(area, 'kubeconfig', identity)]
  lines.push({ area, what: 'context', state: 'ok', says: `${identity.value.context}: ${identity.value.server} as ${identity.value.user}` })
  if (version.state !== 'ok') return [...lines, failed(area, 'API server', version)]
  const { gitVersion, skewSeconds } = version.value
  lines.push({ area, what: 'API server', state: 'ok', says: `Kubernetes ${gitVersion}` })
  if (skewSeconds === undefined) {
    lines.push({ area, what: 'clock', state: 'limited', says: 'the API server does not say its time, so ages may be off' })
  } else if (Math.abs(skewSeconds) > skewLimit) {
    const says = `this machine is ${Math.abs(skewSeconds).toFixed(0)} s ${skewSeconds > 0 ? 'ahead of' : 'behind'} the API server: ages and "since" are off by as much`
    lines.push({ area, what: 'clock', state: 'limited', says, fix: 'timedatectl set-ntp true' })
  } else {
    lines.push({ area, what: 'clock', state: 'ok', says: `within ${Math.max(1, Math.ceil(Math.abs(skewSeconds)))} s of the API server` })
  }
  const name = `${service.kind} ${service.namespace}/${service.workload}`
  lines.push(
    workload.state === 'ok'
      ? { area, what: 'workload', state: 'ok', says: `${name}: ${workload.value.ready} of ${workload.value.wanted} ready` }
      : {
          ...failed(area, 'workload', workload),
          ...(workload.state === 'absent'
            ? { fix: 'name yours with --namespace, --kind and --workload, or in task-mcp.yaml: task-mcp config' }
            : {}),
        },
  )
  return lines
}

function permissionLines({ access, identity }: DoctorFacts): DoctorLine[] {
  if (access.state !== 'ok') return [failed('permissions', 'asking what is allowed', access)]
  const user = identity.state === 'ok' ? identity.value.user : 'you'
  return access.value.map((group) => permissionLine(group, user))
}

function permissionLine(group: AccessFound, user: string): DoctorLine {
  const { missing } = group
  const line = { area: 'permissions', what: group.name } as const
  if (missing.length === 0) return { ...line, state: 'ok', says: `all ${group.checks} granted` }
  const refused = missing.map((check) => `${check.verb} ${check.resource}${check.subresource === undefined ? '' : `/${check.subresource}`}`)
  const without = group.need === 'act' || group.need === 'inside' ? 'cannot be done' : 'cannot be seen'
  const says = `${missing.length} of ${group.checks} not granted (${refused.join(', ')}); ${without}: ${group.without}`
  return { ...line, state: group.need === 'must' ? 'denied' : 'limited', says, fix: roles(missing, user) }
}

/** The rules, each list under the Role or ClusterRole that it belongs in. */
function roles(missing: AccessFound['missing'], user: string): string {
  const namespaces = [...new Set(missing.map((check) => check.namespace))]
  return namespaces
    .map((namespace) => {
      const place = namespace === undefined ? 'a ClusterRole' : `a Role in namespace ${namespace}`
      return `# in ${place} bound to ${user}\n${rulesFor(missing.filter((check) => check.namespace === namespace))}`
    })
    .join('\n')
}

function sourceLines(facts: DoctorFacts): DoctorLine[] {
  const { prometheus, alertmanager, usage, oldestEvent } = facts
  const area = 'sources'
  return [
    ...prometheusLines(prometheus, facts.workload.state === 'ok' && facts.workload.value.wanted === 0),
    alertmanager.state === 'ok'
      ? { area, what: 'Alertmanager', state: 'ok', says: `${alertmanager.value.where}; alerts firing: ${alertmanager.value.firing}` }
      : limited('Alertmanager', alertmanager, 'without it no alert dates the fault'),
    usage.state === 'ok'
      ? usage.value > 0
        ? { area, what: 'metrics-server', state: 'ok', says: `figures for ${usage.value} pods` }
        : { area, what: 'metrics-server', state: 'limited', says: 'it answers, but has no figures for this namespace yet' }
      : limited('metrics-server', usage, 'without it CPU and memory in use come from Prometheus alone'),
    eventLine(oldestEvent, facts.takenAt),
  ]
}

function prometheusLines(prometheus: DoctorFacts['prometheus'], noPods: boolean): DoctorLine[] {
  const area = 'sources'
  if (prometheus.state !== 'ok') return [limited('Prometheus', prometheus, 'rates then rest on two scrapes of the pods, without history')]
  const { where, targets } = prometheus.value
  const line: DoctorLine = { area, what: 'Prometheus', state: 'ok', says: where }
  const down = targets.filter((target) => target.health !== 'up')
  if (targets.length === 0 && noPods) return [line]
  if (targets.length === 0) {
    const fix = "annotate the pods with prometheus.io/scrape: 'true', prometheus.io/port and prometheus.io/path, or add a PodMonitor"
    return [line, { area, what: 'scraping', state: 'limited', says: 'Prometheus does not scrape the pods of the workload', fix }]
  }
  if (down.length > 0) {
    const [first] = down
    const says =
      `${down.length} of ${targets.length} pods cannot be scraped: ${first?.labels.pod ?? ''} ${first?.lastError ?? ''}`.trimEnd()
    return [
      line,
      {
        area,
        what: 'scraping',
        state: 'limited',
        says,
        fix: 'check service.metrics.path and port, and NetworkPolicies that keep Prometheus out',
      },
    ]
  }
  return [line, { area, what: 'scraping', state: 'ok', says: `${targets.length} of ${targets.length} pods of the workload are scraped` }]
}

function eventLine(oldestEvent: Part<string | undefined>, takenAt: string): DoctorLine {
  const line = { area: 'sources', what: 'events' } as const
  if (oldestEvent.state !== 'ok') return limited('events', oldestEvent, 'states and conditions still date most faults')
  if (oldestEvent.value === undefined) return { ...line, state: 'ok', says: 'none in this namespace' }
  const minutes = Math.floor((Date.parse(takenAt) - Date.parse(oldestEvent.value)) / 60_000)
  return { ...line, state: 'ok', says: `they reach back ${minutes} min; what happened before is read from states and conditions` }
}

const failed = (area: DoctorLine['area'], what: string, unseen: Unseen): DoctorLine => ({
  area,
  what,
  state: unseen.state,
  says: unseen.reason,
  fix: unseen.next,
})

/** Something that helps and is not there. */
const limited = (what: string, unseen: Unseen, without: string): DoctorLine => ({
  area: 'sources',
  what,
  state: 'limited',
  says: `${unseen.reason}; ${without}`,
  fix: unseen.next,
})
