/** A Kubernetes Event on the object that was changed, so that others see who did what. */
import { ExpectedError, InterruptedError } from '../errors.ts'
import { resources } from '../facts/kubernetes/resources.ts'
import type { ClusterWriter } from '../targets/ports.ts'
import type { Plan, PlannedWrite } from './plan.ts'
import { causeText, fieldManager } from './writing.ts'

/** Post it; gives a sentence when that was not possible, undefined when it was. `by` is who is at the keyboard. */
export async function announce(
  writer: ClusterWriter,
  plan: Plan,
  write: PlannedWrite,
  by: string,
  now: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { namespace = plan.target.namespace, name } = write.ref
  const place = resources[write.ref.resource]
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: `${name.slice(0, 200)}.task-mcp.`, namespace },
    involvedObject: {
      apiVersion: place.group === '' ? place.version : `${place.group}/${place.version}`,
      kind: place.kind,
      namespace,
      name,
      uid: write.metadata.uid,
    },
    reason: `${plan.action[0]!.toUpperCase()}${plan.action.slice(1)}`,
    message: `${causeText(plan)} by ${by} as ${plan.cluster.user}`.slice(0, 1000),
    type: 'Normal',
    source: { component: fieldManager },
    reportingComponent: fieldManager,
    reportingInstance: fieldManager,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  }
  try {
    await writer.create('events', namespace, event, { dryRun: false, fieldManager }, signal)
    return undefined
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof ExpectedError)) throw error
    return `no event was posted on ${write.kind.toLowerCase()}/${name}: ${error.message}`
  }
}
