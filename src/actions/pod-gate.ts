/** Could a new pod start? Asked before anything that makes pods: the API server is asked to make one without effect, references and nodes are looked at. */
import { randomBytes } from 'node:crypto'
import { AbsentError, DeniedError, ExpectedError, InterruptedError, RefusedError } from '../errors.ts'
import type { PodTemplate } from '../facts/kubernetes/pod.ts'
import type { ConfigMap } from '../facts/kubernetes/settings.ts'
import type { ClusterWriter } from '../targets/ports.ts'
import { roomFor } from './capacity.ts'
import { type Look, listed } from './look.ts'
import type { Gate } from './plan.ts'
import { checkReferences } from './references.ts'
import { fieldManager } from './writing.ts'

export interface PodQuestion {
  namespace: string
  /** Owner's name, for the name of the pod that is tried. */
  workload: string
  template: PodTemplate
  /** Pods of other revisions that go as the new ones come: a full quota is then no obstacle for long. */
  makesRoom: boolean
  /** A ConfigMap as it will be when the pod starts. */
  coming?: ConfigMap
}

/** The gates for one more pod of a template. */
export async function podGates(look: Look, writer: ClusterWriter, question: PodQuestion): Promise<Gate[]> {
  return Promise.all([admissionGate(look, writer, question), referenceGate(look, question), nodeGate(look, question)])
}

/** Quota, LimitRange, Pod Security, webhooks and the service account, in the API server's own words. */
async function admissionGate(look: Look, writer: ClusterWriter, question: PodQuestion): Promise<Gate> {
  const name = 'the API server would admit a new pod'
  const { template } = question
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${question.workload.slice(0, 50)}-preflight-${randomBytes(3).toString('hex')}`,
      labels: template.metadata?.labels ?? {},
      annotations: template.metadata?.annotations ?? {},
    },
    spec: template.spec,
  }
  try {
    await writer.create('pods', question.namespace, pod, { dryRun: true, fieldManager }, look.signal)
    return { name, state: 'ok', said: 'admitted in a dry run' }
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof ExpectedError)) throw error
    if (error instanceof DeniedError)
      return { name, state: 'unknown', said: `${error.message}; without it quota, Pod Security and webhooks are not asked` }
    if (/does not support dry run/.test(error.message)) return { name, state: 'unknown', said: 'a webhook takes no dry runs' }
    if (error instanceof RefusedError && question.makesRoom && /exceeded quota/.test(error.message)) {
      return { name, state: 'unknown', said: `${error.message}; pods that go make room` }
    }
    return { name, state: error instanceof RefusedError || error instanceof AbsentError ? 'failed' : 'unknown', said: error.message }
  }
}

async function referenceGate(look: Look, question: PodQuestion): Promise<Gate> {
  const name = 'what the pod refers to exists'
  const { missing, unseen } = await checkReferences(look, question.namespace, question.template, question.coming)
  if (missing.length > 0) return { name, state: 'failed', said: missing.join('; ') }
  if (unseen.length > 0) return { name, state: 'unknown', said: `not seen: ${unseen.join('; ')}` }
  return { name, state: 'ok', said: 'ConfigMaps, Secrets, their keys and volumes are there' }
}

async function nodeGate(look: Look, question: PodQuestion): Promise<Gate> {
  const name = 'a node has room for a new pod'
  const [nodes, pods] = await Promise.all([listed(look, 'nodes', {}), listed(look, 'pods', { namespace: undefined })])
  if (nodes === undefined) return { name, state: 'unknown', said: 'nodes cannot be seen from here' }
  const rooms = roomFor(question.template.spec, nodes, pods ?? [])
  const free = rooms.filter((room) => room.why === undefined)
  if (free.length > 0) {
    const said = `${free.length} of ${rooms.length} nodes`
    return pods === undefined
      ? { name, state: 'unknown', said: `${said} fit by their labels; what runs there cannot be seen` }
      : { name, state: 'ok', said }
  }
  if (rooms.length === 0) return { name, state: 'unknown', said: 'no nodes are listed' }
  return {
    name,
    state: 'failed',
    said: rooms
      .slice(0, 5)
      .map((room) => `${room.node}: ${room.why}`)
      .join('; '),
  }
}
