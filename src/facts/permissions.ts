/** Every permission that the tool uses, in groups that a person can grant or refuse. */
import type { AccessCheck } from '../targets/ports.ts'
import { type ResourceName, resources } from './kubernetes/resources.ts'

export interface PermissionGroup {
  name: string
  /** What cannot be seen or done without it. */
  without: string
  /** `must`: no diagnosis without it. `sight`: causes that cannot be named without it. `inside`: a closer look into pods. `act`: changes only. */
  need: 'must' | 'sight' | 'inside' | 'act'
  checks: AccessCheck[]
}

function write(verb: string, names: readonly ResourceName[], namespace: string): AccessCheck[] {
  return names.map((name) => ({ verb, group: resources[name].group, resource: resources[name].plural, namespace }))
}

function list(names: readonly ResourceName[], namespace: string | undefined): AccessCheck[] {
  return names.map((name) => {
    const { group, plural } = resources[name]
    return { verb: 'list', group, resource: plural, ...(namespace === undefined ? {} : { namespace }) }
  })
}

export interface Namespaces {
  service: string
  /** Where the dependencies run, those of the service's own namespace left out. */
  dependencies?: readonly string[]
  /** Where Prometheus and Alertmanager are, when they are reached through the API server. */
  sources?: readonly string[]
}

/** The groups for a service and what it needs. */
export function permissionsFor({ service: namespace, dependencies = [], sources = [] }: Namespaces): PermissionGroup[] {
  return [
    {
      name: 'workload',
      without: 'which pods there are, what they wait for and since when',
      need: 'must',
      checks: list(['pods', 'deployments', 'replicasets', 'statefulsets', 'daemonsets', 'events'], namespace),
    },
    {
      name: 'logs',
      without: 'what the containers said',
      need: 'sight',
      checks: [{ verb: 'get', group: '', resource: 'pods', subresource: 'log', namespace }],
    },
    {
      name: 'routing',
      without: 'causes between the Service and its pods',
      need: 'must',
      checks: list(['services', 'endpointslices', 'networkpolicies', 'ingresses'], namespace),
    },
    {
      name: 'configuration',
      without: 'missing or changed configuration, and what the service itself is allowed',
      need: 'sight',
      checks: list(['configmaps', 'serviceaccounts', 'roles', 'rolebindings'], namespace),
    },
    {
      name: 'secrets',
      without:
        'missing or changed credentials (only names, keys, times and the dates of certificates are kept, but this permission would allow reading values too: leave it out where that is too much)',
      need: 'sight',
      checks: list(['secrets'], namespace),
    },
    {
      name: 'limits',
      without: 'quotas, limits, autoscaling, disruption budgets, volumes and jobs',
      need: 'sight',
      checks: list(
        ['resourcequotas', 'limitranges', 'horizontalpodautoscalers', 'poddisruptionbudgets', 'persistentvolumeclaims', 'jobs'],
        namespace,
      ),
    },
    {
      name: 'asking the service',
      without: 'its health, and its own metrics where Prometheus has none',
      need: 'sight',
      checks: ['pods', 'services'].map((resource) => ({ verb: 'get', group: '', resource, subresource: 'proxy', namespace })),
    },
    { name: 'usage', without: 'CPU and memory in use, from metrics-server', need: 'sight', checks: list(['podmetrics'], namespace) },
    {
      name: 'asking Prometheus and Alertmanager',
      without: 'rates, latencies, history and alerts',
      need: 'sight',
      checks: sources.flatMap((place) =>
        ['get', 'create'].map((verb) => ({ verb, group: '', resource: 'services', subresource: 'proxy', namespace: place })),
      ),
    },
    {
      name: 'dependencies',
      without: 'whether what the service needs in other namespaces, and the DNS of the cluster, is up',
      need: 'sight',
      checks: [
        ...list(['pods', 'services', 'endpointslices'], 'kube-system'),
        ...dependencies.flatMap((place) => list(['pods', 'deployments', 'statefulsets', 'services', 'endpointslices'], place)),
      ],
    },
    {
      name: 'nodes',
      without: 'causes on the nodes: pressure, cordons, taints, too little room',
      need: 'sight',
      checks: [...list(['nodes', 'nodemetrics'], undefined), { verb: 'get', group: '', resource: 'nodes', subresource: 'proxy' }],
    },
    {
      name: 'cluster',
      without: 'webhooks, Pod Security, storage and ingress classes, and finding Prometheus by itself',
      need: 'sight',
      checks: list(
        [
          'namespaces',
          'services',
          'validatingwebhookconfigurations',
          'mutatingwebhookconfigurations',
          'storageclasses',
          'ingressclasses',
          'priorityclasses',
          'runtimeclasses',
        ],
        undefined,
      ),
    },
    {
      name: 'inside pods',
      without: 'capture, port-forward and --ephemeral (any other diagnosis needs none of it)',
      need: 'inside',
      checks: [
        ...['get', 'create'].map((verb) => ({ verb, group: '', resource: 'pods', subresource: 'portforward', namespace })),
        { verb: 'patch', group: '', resource: 'pods', subresource: 'ephemeralcontainers', namespace },
      ],
    },
    {
      name: 'actions',
      without: 'rollback, restart, scale, resume, resources, config-restore, service, policy and pod (diagnosis needs none of it)',
      need: 'act',
      checks: [
        ...write('patch', ['deployments', 'statefulsets', 'daemonsets', 'horizontalpodautoscalers', 'networkpolicies'], namespace),
        ...write('patch', ['configmaps', 'services', 'pods'], namespace),
        ...write('delete', ['pods'], namespace),
        // A pod is only ever created as a dry run, to ask whether one could start.
        ...write('create', ['pods', 'events'], namespace),
      ],
    },
  ].filter((group): group is PermissionGroup => group.checks.length > 0)
}

/** Rules that allow the checks, as YAML for the `rules:` of a Role, or of a ClusterRole for checks without a namespace. */
export function rulesFor(checks: readonly AccessCheck[]): string {
  const rules = new Map<string, { group: string; resources: string[]; verbs: string[] }>()
  for (const check of checks) {
    const resource = check.subresource === undefined ? check.resource : `${check.resource}/${check.subresource}`
    const verbs = check.verb === 'list' ? ['get', 'list'] : [check.verb]
    const rule = rules.get(`${check.group} ${resource}`) ?? { group: check.group, resources: [resource], verbs: [] }
    rule.verbs = [...new Set([...rule.verbs, ...verbs])]
    rules.set(`${check.group} ${resource}`, rule)
  }
  const merged = new Map<string, { group: string; resources: string[]; verbs: string[] }>()
  for (const rule of rules.values()) {
    const key = `${rule.group} ${rule.verbs.join()}`
    const same = merged.get(key)
    if (same) same.resources.push(...rule.resources)
    else merged.set(key, { ...rule, resources: [...rule.resources] })
  }
  return [...merged.values()]
    .map((rule) => `- apiGroups: ["${rule.group}"]\n  resources: [${rule.resources.join(', ')}]\n  verbs: [${rule.verbs.join(', ')}]`)
    .join('\n')
}
