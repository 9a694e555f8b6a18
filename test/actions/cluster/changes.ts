/** Nine actions on one target, each with what gives it something to do, and how to see that it was done. */
import { type Any, kubectl } from '../../cluster/kubectl.ts'
import { object } from './hand.ts'

export interface Doable {
  name: string
  line: string[]
  /** The object that is changed first. */
  on: [kind: string, name: string]
  /** Requests that change something when it is done once. */
  writes: number
}

const patch = (namespace: string, kind: string, body: object): Promise<string> =>
  kubectl(['-n', namespace, 'patch', kind, 'target', '--type=merge', '-p', JSON.stringify(body)])

/** The settings name another service, so that nothing is diagnosed first and a line is done at once: these have to say whose they are. */
const ofTarget = ['--workload', 'target', '--service', 'target']

/** Gives each action something to do and the line that does it, `round` telling one time from the other. */
export const makers: Readonly<Record<string, (namespace: string, round: number) => Promise<Doable>>> = {
  restart: async () => ({ name: 'restart', line: ['restart', 'deployment/target'], on: ['deployment', 'target'], writes: 1 }),
  scale: async (namespace) => {
    const { spec } = await object(namespace, 'deployment', 'target')
    const line = ['scale', 'deployment/target', '--replicas', spec.replicas === 1 ? '2' : '1']
    return { name: 'scale', line, on: ['deployment', 'target'], writes: 1 }
  },
  rollback: async (namespace, round) => {
    await kubectl(['-n', namespace, 'set', 'env', 'deployment/target', `GREETING=hullo-${round}`])
    return { name: 'rollback', line: ['rollback', 'deployment/target'], on: ['deployment', 'target'], writes: 1 }
  },
  resources: async (namespace) => {
    const { spec } = await object(namespace, 'deployment', 'target')
    const now = spec.template.spec.containers[0].resources.limits.memory
    const line = ['resources', 'deployment/target', '--memory-limit', now === '32Mi' ? '48Mi' : '32Mi']
    return { name: 'resources', line, on: ['deployment', 'target'], writes: 1 }
  },
  service: async (namespace) => {
    await patch(namespace, 'service', { spec: { selector: { app: 'nobody' } } })
    return { name: 'service', line: ['service', 'target', ...ofTarget], on: ['service', 'target'], writes: 1 }
  },
  policy: async (namespace) => {
    await patch(namespace, 'networkpolicy', { spec: { policyTypes: ['Ingress', 'Egress'], egress: [] } })
    return { name: 'policy', line: ['policy', 'target', ...ofTarget], on: ['networkpolicy', 'target'], writes: 1 }
  },
  resume: async (namespace) => {
    await patch(namespace, 'deployment', { spec: { paused: true } })
    return { name: 'resume', line: ['resume', 'deployment/target'], on: ['deployment', 'target'], writes: 1 }
  },
  block: async (_namespace, round) => {
    const line = ['block', 'add', `203.0.113.${(round % 250) + 1}`, '--by', 'policy', ...ofTarget]
    return { name: 'block', line, on: ['networkpolicy', 'target'], writes: 1 }
  },
  'config-restore': async (namespace, round) => {
    await patch(namespace, 'configmap', { data: { COLOUR: `blue-${round}` } })
    return { name: 'config-restore', line: ['config-restore', 'configmap/target', ...ofTarget], on: ['configmap', 'target'], writes: 2 }
  },
}

/** Puts right what a round may have left, so that the next begins with a healthy service. */
export async function mend(namespace: string): Promise<void> {
  await patch(namespace, 'service', { spec: { selector: { app: 'target' } } })
  await patch(namespace, 'networkpolicy', { spec: { policyTypes: ['Ingress'], egress: null, ingress: [{ ports: [{ port: 'http' }] }] } })
  await patch(namespace, 'deployment', { spec: { paused: null } })
  await patch(namespace, 'configmap', { data: { COLOUR: 'green' } })
}

/** What a person owns of the four objects, as text that is the same for the same state. */
export async function whole(namespace: string): Promise<string> {
  const kinds = ['deployment', 'service', 'configmap', 'networkpolicy']
  const objects = await Promise.all(kinds.map((kind) => object(namespace, kind, 'target')))
  return JSON.stringify(
    objects.map(({ spec, data }: Any) => ({ spec, data })),
    sorted,
  )
}

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value
