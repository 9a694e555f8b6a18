/** The remedies of a claim as commands to paste, and the ones that would harm. Pure. */
import { find, replicaSetsOf } from '../facts/lookup.ts'
import { keysOf, lastEdit } from './changes.ts'
import type { Claim } from './claim.ts'
import { type Knowledge, knowledge, unknownCause } from './knowledge.ts'
import type { ActionName, Refusal, Remedy } from './verdict.ts'
import { podIsReady, type View } from './view.ts'

export const knownOf = (claim: Claim): Knowledge => knowledge[claim.code] ?? unknownCause

/** The remedies that fit this case, best first. */
export function remediesOf(claim: Claim, view: View): Remedy[] {
  const known = knownOf(claim)
  const fits = known.cures.filter((c) => !c.revision || (claim.introducedByRevision === true && hasEarlier(view)))
  const list = fits.length ? fits : [{ action: 'escalate' as const, why: 'no action of this tool cures it' }]
  return (
    list
      // That action points a Service at the pods of this workload: to one of something else it would be harm.
      .filter((c) => c.action !== 'service' || claim.subject.name === view.service.service)
      // How much a volume may hold is no resource of a container.
      .filter((c) => claim.code !== 'ephemeral_storage' || c.action !== (claim.hints?.volume === undefined ? 'manual' : 'resources'))
      // Only a ConfigMap is restored; of a workload there is none to name.
      .filter((c) => c.action !== 'config' || !['Deployment', 'StatefulSet', 'DaemonSet'].includes(claim.subject.kind))
      .filter((c) => c.action !== 'scale' || claim.code !== 'dependency_down' || claim.hints?.replicas !== undefined)
      .filter((c) => c.action !== 'config' || list.length === 1 || canRestore(claim, view))
      .map((c) => ({ action: c.action, why: c.why, command: commandFor(c.action, claim, view) }))
  )
}

export const refusalsOf = (claim: Claim): Refusal[] => [...knownOf(claim).never]

/** Whether there is an earlier revision to go back to. */
function hasEarlier(view: View): boolean {
  return view.workload !== undefined && (replicaSetsOf(view.snapshot, view.workload).length > 1 || view.oldPods.some(podIsReady))
}

const place = (view: View): string => `-n ${view.service.namespace}`
const workload = (view: View): string => `${view.service.kind.toLowerCase()}/${view.service.workload}`

/** The limit that a claim says is too low; for others the values are a person's to say. */
const raised: Readonly<Partial<Record<Claim['code'], string>>> = {
  memory_limit_low: ' --raise memory',
  ephemeral_storage: ' --raise ephemeral-storage',
  sidecar_oom: ' --raise memory',
  cpu_throttling: ' --raise cpu',
}

function commandFor(action: ActionName, claim: Claim, view: View): string {
  const hints = claim.hints ?? {}
  const { subject } = claim
  const { url } = view.snapshot.target
  // Without a cluster there is no object to change from here: what is left is to ask the service again.
  if (url !== undefined) return `curl -sS ${url}${view.service.health.ready}`
  switch (action) {
    case 'rollback':
    case 'restart':
    case 'resume':
      return `task-mcp ${action} ${workload(view)} ${place(view)}`
    case 'scale': {
      const target =
        subject.kind === 'HorizontalPodAutoscaler' || ['Deployment', 'StatefulSet'].includes(subject.kind) === false
          ? workload(view)
          : `${subject.kind.toLowerCase()}/${subject.name}`
      // Back from 0, the action itself finds the earlier count, from more places than a look has.
      const replicas = hints.replicas !== undefined ? '' : ` --replicas ${(view.replicas ?? 1) + 1}`
      return `task-mcp scale ${target}${replicas} -n ${subject.namespace ?? view.service.namespace}`
    }
    case 'service':
      return `task-mcp service ${subject.name} ${place(view)}${claim.code === 'traffic_policy_local' ? ' --every-node' : ''}${hints.askedPort ? ` --asked-port ${hints.askedPort}` : ''}`
    case 'policy':
      return `task-mcp policy ${subject.name} -n ${subject.namespace ?? view.service.namespace}${claim.code === 'netpol_dns_block' ? ' --allow dns' : ''}`
    case 'pod':
      return `task-mcp pod ${hints.pod ?? subject.name} ${place(view)}`
    case 'resources':
      return `task-mcp resources ${workload(view)} ${place(view)}${subject.container ? ` --container ${subject.container}` : ''}${raised[claim.code] ?? ' --dry-run'}`
    case 'config':
      return canRestore(claim, view) ? `task-mcp config-restore configmap/${subject.name} ${place(view)}` : byHand(claim, view)
    case 'escalate':
      return `kubectl describe ${subject.kind === 'Dependency' ? workload(view) : `${subject.kind.toLowerCase()} ${subject.name}`}${subject.namespace ? ` -n ${subject.namespace}` : ''}`
    case 'block':
      return hints.source !== undefined && readsSettings(view)
        ? `task-mcp block add ${hints.source} --for 1h ${place(view)}`
        : byHand(claim, view)
    case 'limit':
      return hints.setting !== undefined && hints.value !== undefined && readsSettings(view)
        ? `task-mcp limit ${hints.setting} ${hints.value} ${place(view)}`
        : byHand(claim, view)
    case 'capture':
      return `task-mcp capture ${subject.kind === 'Pod' ? `pod/${subject.name} ` : ''}${place(view)}`
    case 'undo':
    case 'manual':
      return byHand(claim, view)
  }
}

/** How the managed fields name `kubectl apply`, which leaves what it applied in an annotation of the object. */
const applied = 'kubectl-client-side-apply'

/** Whether the cluster itself proves an earlier value: a ConfigMap that was applied, and edited in another way since. Secrets are never read. */
function canRestore({ subject }: Claim, view: View): boolean {
  const object =
    subject.kind === 'ConfigMap' ? find(view.snapshot, 'configmaps', subject.name, subject.namespace ?? view.service.namespace) : undefined
  return object?.metadata.managedFields?.some((f) => f.manager === applied) === true && lastEdit(object)?.manager !== applied
}

/** Whether the pods are told of a settings file that is read again while they run: what `block` and `limit` change. */
function readsSettings({ main, snapshot, service }: View): boolean {
  const told =
    main?.env?.some((e) => e.name === 'TASK_MCP_SETTINGS') ||
    [...(main?.command ?? []), ...(main?.args ?? [])].some((a) => /^--settings(=|$)/.test(a))
  const from = (main?.envFrom ?? []).flatMap((e) => e.configMapRef?.name ?? [])
  return (
    told ||
    from.some((name) => {
      const object = find(snapshot, 'configmaps', name, service.namespace)
      return object !== undefined && keysOf(object)?.has('TASK_MCP_SETTINGS') === true
    })
  )
}

/** The line that shows, or lets one change, the object by hand. */
function byHand(claim: Claim, view: View): string {
  const { subject } = claim
  const at = subject.namespace ? ` -n ${subject.namespace}` : ''
  const edit = (kind: string, name: string): string => `kubectl edit ${kind} ${name}${at}`
  switch (claim.code) {
    case 'node_cordoned':
      return `kubectl uncordon ${subject.name}`
    case 'image_pull_auth':
      return `kubectl get serviceaccounts,secrets${at || ` ${place(view)}`}`
    case 'wrong_target':
      return claim.hints?.name
        ? `task-mcp diagnose ${place(view)} --workload ${claim.hints.name}`
        : 'kubectl get deployments,statefulsets,daemonsets -A'
    case 'access_denied':
      return 'task-mcp doctor'
    case 'service_missing':
      return `kubectl expose ${workload(view)} --name ${subject.name} --port ${view.service.port} ${place(view)} --dry-run=client -o yaml`
    case 'admission_psa':
      return `kubectl get namespace ${view.service.namespace} --show-labels`
    case 'missing_secret':
    case 'missing_configmap':
      return `kubectl get ${subject.kind.toLowerCase()}s${at}`
    default:
      return ['Secret', 'Dependency', 'Pod'].includes(subject.kind)
        ? `kubectl describe ${subject.kind === 'Dependency' ? workload(view) : `${subject.kind.toLowerCase()} ${subject.name}`} ${place(view)}`
        : edit(subject.kind.toLowerCase(), subject.name)
  }
}
