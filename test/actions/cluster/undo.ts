/** Every action on a real object, then undo: the object's own fields must be what they were, one by one. */
import { type Any, kubectl } from '../../cluster/kubectl.ts'
import { aHand, aTarget, object, targetSettings } from './hand.ts'

interface Case {
  name: string
  /** The object whose fields are compared. */
  on: [kind: string, name: string]
  line: string[]
  before?: (namespace: string) => Promise<unknown>
}

const patch = (namespace: string, kind: string, name: string, body: object) =>
  kubectl(['-n', namespace, 'patch', kind, name, '--type=merge', '-p', JSON.stringify(body)])
const podName = async (namespace: string): Promise<string> =>
  (await kubectl(['-n', namespace, 'get', 'pods', '-l', 'app=target', '-o', 'jsonpath={.items[0].metadata.name}'])).trim()
const settled = (namespace: string) =>
  kubectl(['-n', namespace, 'rollout', 'status', 'deployment/target', '--timeout=90s'], { timeoutSeconds: 100 })

const cases: Case[] = [
  { name: 'restart', on: ['deployment', 'target'], line: ['restart'] },
  { name: 'scale', on: ['deployment', 'target'], line: ['scale', '--replicas', '2'] },
  {
    name: 'rollback',
    on: ['deployment', 'target'],
    line: ['rollback'],
    before: async (namespace) => {
      await kubectl(['-n', namespace, 'set', 'env', 'deployment/target', 'GREETING=hullo'])
      await settled(namespace)
    },
  },
  { name: 'resources', on: ['deployment', 'target'], line: ['resources', '--memory-limit', '48Mi', '--cpu-request', '6m'] },
  {
    name: 'resume',
    on: ['deployment', 'target'],
    line: ['resume'],
    before: (namespace) => patch(namespace, 'deployment', 'target', { spec: { paused: true } }),
  },
  {
    name: 'service',
    on: ['service', 'target'],
    line: ['service'],
    before: async (namespace) => {
      await patch(namespace, 'deployment', 'target', { spec: { paused: null } })
      await patch(namespace, 'service', 'target', { spec: { selector: { app: 'nobody' } } })
    },
  },
  { name: 'block by policy', on: ['networkpolicy', 'target'], line: ['block', 'add', '203.0.113.9', '--by', 'policy'] },
  {
    name: 'policy',
    on: ['networkpolicy', 'target'],
    line: ['policy'],
    before: (namespace) => patch(namespace, 'networkpolicy', 'target', { spec: { policyTypes: ['Ingress', 'Egress'], egress: [] } }),
  },
  {
    name: 'config-restore',
    on: ['configmap', 'target'],
    line: ['config-restore', 'configmap/target'],
    before: (namespace) => patch(namespace, 'configmap', 'target', { data: { COLOUR: 'blue' } }),
  },
  { name: 'pod --isolate', on: ['pod', ''], line: ['pod', '', '--isolate'] },
]

/** The names of the actions whose undo left a difference, with it. */
export async function undo(namespace: string): Promise<{ action: string; changed: boolean; difference: string }[]> {
  await aTarget(namespace)
  const hand = await aHand(targetSettings(namespace))
  const found: { action: string; changed: boolean; difference: string }[] = []
  for (const one of cases) {
    await one.before?.(namespace)
    const pod = one.on[0] === 'pod' ? await podName(namespace) : ''
    const place: [string, string] = [one.on[0], one.on[1] || pod]
    const before = own(await object(namespace, ...place))
    const flags = ['--yes', '--wait', '0s', '--despite', 'gate']
    const done = await hand.type([...one.line.map((word) => word || pod), ...flags])
    const between = own(await object(namespace, ...place))
    const back = await hand.type(['undo', '--yes', '--wait', '0s'])
    const after = own(await object(namespace, ...place))
    const difference =
      done.code !== 0
        ? `${one.name} ended with ${done.code}: ${done.out}${done.err}`
        : back.code !== 0
          ? `undo ended with ${back.code}: ${back.err}`
          : diff(before, after)
    found.push({ action: one.name, changed: before !== between, difference })
    process.stdout.write(`${one.name}: ${difference === '' ? 'as it was' : difference}\n`)
  }
  return found
}

/** What a person owns of an object: spec and data, and of a pod its labels. */
function own({ kind, spec, data, metadata }: Any): string {
  return JSON.stringify(kind === 'Pod' ? { labels: metadata.labels } : { spec, data }, sorted)
}

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

const diff = (before: string, after: string): string => (before === after ? '' : `differs: ${before} -> ${after}`)
