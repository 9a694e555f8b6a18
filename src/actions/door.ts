/** The one door that every change goes through: gates, dry run, consent, apply, verify, record. */
import type { Context } from '../context.ts'
import { DeniedError, type ExitCode, ExpectedError, exit, InterruptedError, MovedError } from '../errors.ts'
import type { KubeObject } from '../facts/kubernetes/object.ts'
import type { Cluster, ClusterWriter } from '../targets/ports.ts'
import { undoLine, watched, withGolden } from './afterwards.ts'
import { announce } from './announce.ts'
import { type FieldDiff, fieldDiff } from './diff.ts'
import { hasAll } from './fields.ts'
import type { Comparison, Golden } from './golden.ts'
import type { Look } from './look.ts'
import { named, type Plan, type PlannedWrite } from './plan.ts'
import { actor, type PastChange, recordable } from './run-record.ts'
import type { Verified } from './verify.ts'
import { causeText, fieldManager, send } from './writing.ts'

export interface Consent {
  dryRun: boolean
  yes: boolean
  /** Codes of objections that the user goes on in spite of; failing gates have the code `gate`. */
  despite: readonly string[]
  /** Seconds to wait for the verification; 0 does not verify. */
  wait: number
  /** Seconds to watch the golden signals once it has come true; 0 does not. */
  observe: number
  /** The command line that does what was asked, with --yes. */
  command: string
  /** What still stands between consent and the first write: a second person. Undefined where nothing does. */
  second?: string | undefined
}

export interface ObjectDiff {
  object: string
  fields: FieldDiff[]
}

/** What became of a plan; `--json` prints it, by schemas/receipt.schema.json. */
export interface Receipt {
  outcome: 'already' | 'blocked' | 'dry-run' | 'declined' | 'applied' | 'failed'
  /** One sentence. */
  said: string
  plan: Plan
  diff: ObjectDiff[]
  verified?: Verified
  /** The service's golden signals before and after; absent where nobody measures them. */
  golden?: { before?: Golden; after: Golden; comparison: Comparison }
  /** The command that takes it back, where there is one. */
  undo?: string
  next?: string
  exitCode: ExitCode
}

export interface Door {
  context: Context
  look: Look
  cluster: Cluster
  writer: ClusterWriter
  /** Shows a plan and its diff before anybody is asked. */
  show(plan: Plan, diff: readonly ObjectDiff[]): void
  /** One line of what is happening now. */
  tell(line: string): void
  /** Asked in place of a plain "are you sure", once the plan was shown. */
  agree?: () => Promise<boolean>
  /** The golden signals of so many seconds up to now; undefined where nobody measures them. */
  golden?: (window: number) => Promise<Golden | undefined>
  /** Called before a write takes effect and after consent: to capture what would be lost. */
  before?: (plan: Plan) => Promise<void>
}

/** Take a plan through the door. Expected trouble on the way is in the receipt once something was applied, and thrown before. */
export async function perform(door: Door, plan: Plan, consent: Consent): Promise<Receipt> {
  const receipt = (outcome: Receipt['outcome'], exitCode: ExitCode, said: string, more: Partial<Receipt> = {}): Receipt => ({
    outcome,
    said,
    plan: recordable(plan),
    diff: [],
    exitCode,
    ...more,
  })
  if (plan.already !== undefined) {
    if (plan.undoes !== undefined && !consent.dryRun) await door.look.record.append({ type: 'undone', id: plan.undoes, undo: plan.id })
    return receipt('already', exit.ok, plan.already)
  }
  const stop = blocked(plan, consent)
  if (stop !== undefined) {
    door.show(plan, [])
    return receipt('blocked', stop.exitCode, stop.said, { next: stop.next })
  }
  const { diff, seen } = await dryRun(door, plan)
  door.show(plan, diff)
  if (consent.dryRun) return receipt('dry-run', exit.ok, 'dry run: the API server would take it; nothing was changed', { diff })
  if (consent.second !== undefined)
    return receipt('declined', exit.declined, `nothing was changed: ${consent.second}`, {
      diff,
      next: `${consent.command.replace(/ --yes$/, '')} --plan-out change.plan  writes the plan; task-mcp approve change.plan  is for somebody else; then --plan change.plan`,
    })
  if (!(await agreed(door, plan, consent))) {
    await door.look.record.append({ type: 'plan', plan })
    await door.look.record.append({ type: 'declined', id: plan.id, reason: 'no' })
    return receipt(
      'declined',
      exit.declined,
      door.context.terminal.inIsTTY ? 'declined; nothing was changed' : 'nothing was changed: without a terminal --yes is needed',
      { diff, next: consent.command },
    )
  }
  const watching = consent.wait > 0 && consent.observe > 0
  const before = watching ? await door.golden?.(consent.observe) : undefined
  await door.before?.(plan)
  await door.look.record.append({ type: 'plan', plan })
  const undo = undoLine(plan)
  await applyAll(door, plan, seen, undo)
  await nudge(door, plan)
  if (plan.undoes !== undefined) await door.look.record.append({ type: 'undone', id: plan.undoes, undo: plan.id })
  const done = await watched(door, plan, consent.wait, diff)
  return watching ? withGolden(door, done, before, consent.observe) : done
}

/** The change was consented to and cut off: what is left of it is applied, and all of it is waited for. */
export async function finish(door: Door, change: PastChange, wait: number): Promise<Receipt> {
  const { plan } = change
  const left = plan.writes.filter((write) => !change.writes.some((done) => done.write === write))
  door.tell(
    `change ${plan.id} (${plan.summary}) was cut off ${left.length === 0 ? 'after it was applied' : `with ${left.length} of ${plan.writes.length} writes to go`}; going on from there`,
  )
  await applyAll(door, plan, [], undoLine(plan), (index) => left.includes(plan.writes[index]!))
  return watched(door, plan, wait, [])
}

/** Why a plan may not go on, unless the user said that it should all the same. */
function blocked(plan: Plan, consent: Consent): { said: string; next: string; exitCode: ExitCode } | undefined {
  const objection = plan.objections.find(({ code }) => !consent.despite.includes(code))
  if (objection)
    return {
      said: `this will not help: ${objection.why}`,
      next: `go on all the same with --despite ${objection.code}`,
      exitCode: exit.declined,
    }
  const gate = plan.gates.find(({ state }) => state === 'failed')
  if (gate && !consent.despite.includes('gate'))
    return {
      said: `stopped: not so that ${gate.name}: ${gate.said}`,
      next: 'put that right first, or go on all the same with --despite gate',
      exitCode: exit.findings,
    }
  return undefined
}

/** The API server's answer to every write, and the objects as they were then. */
async function dryRun(door: Door, plan: Plan): Promise<{ diff: ObjectDiff[]; seen: KubeObject[] }> {
  const diff: ObjectDiff[] = []
  const seen: KubeObject[] = []
  for (const write of plan.writes) {
    const now = await current(door.cluster, write, door.look.signal)
    const sent = await send(write, now, causeText(plan), true, door.cluster, door.writer, door.look.signal)
    if (sent.outcome !== 'applied') throw sent.error
    seen.push(now)
    diff.push({
      object: named(write.kind, write.ref.name),
      fields: write.verb === 'delete' ? [{ field: '(the whole object)', from: 'there', to: undefined }] : fieldDiff(now, sent.object),
    })
  }
  return { diff, seen }
}

/** The object as it is now: the plan must be about this one, by its uid. */
async function current(cluster: Cluster, write: PlannedWrite, signal: AbortSignal): Promise<KubeObject> {
  const now = await cluster.get(write.ref.resource, { namespace: write.ref.namespace, name: write.ref.name }, signal)
  if (now.metadata.uid !== write.metadata.uid)
    throw new MovedError(`${named(write.kind, write.ref.name)} was deleted and made anew since the plan`, 'look again and make a new plan')
  return now
}

async function agreed(door: Door, plan: Plan, consent: Consent): Promise<boolean> {
  if (consent.yes) return true
  const { terminal } = door.context
  if (door.agree !== undefined && !(await door.agree())) return false
  if (!terminal.inIsTTY) return false
  const question = `${plan.summary[0]!.toUpperCase()}${plan.summary.slice(1)} in namespace ${plan.target.namespace} on ${plan.cluster.context} (${plan.cluster.server})?`
  if (!/prod/i.test(plan.cluster.context)) return door.agree !== undefined || terminal.confirm(question)
  return (
    (await terminal.input(`${question}\n  This context is a production one: type ${plan.target.name} to go on`)).trim() === plan.target.name
  )
}

/** Every write in order. When one fails after others were applied, the error says what was done and how to take it back. */
async function applyAll(
  door: Door,
  plan: Plan,
  seen: readonly KubeObject[],
  undo: string | undefined,
  wanted: (index: number) => boolean = () => true,
): Promise<void> {
  const { record } = door.look
  const by = actor(door.context.env)
  // From here on the deadline of the look no longer counts, only Ctrl-C and the patience of one request.
  for (const [index, write] of plan.writes.entries()) {
    if (!wanted(index)) continue
    const signal = AbortSignal.any([door.context.signal, AbortSignal.timeout(30_000)])
    const now = await current(door.cluster, write, signal)
    if (index === 0) unmoved(write, seen[0], now)
    await record.append({ type: 'request', id: plan.id, write: index })
    const sent = await send(write, now, causeText(plan), false, door.cluster, door.writer, signal)
    if (sent.outcome === 'applied') {
      await record.append({
        type: 'answer',
        id: plan.id,
        write: index,
        outcome: 'applied',
        said: 'ok',
        resourceVersion: sent.object?.metadata.resourceVersion,
      })
      if (sent.object !== undefined && write.verb === 'patch' && !hasAll(sent.object, write.fields))
        door.tell(`${named(write.kind, write.ref.name)} was changed again on its way in, by a webhook or another controller`)
      const silent = await announce(door.writer, plan, write, by, door.context.clock.now(), signal).catch((error: unknown) => {
        if (error instanceof InterruptedError) return undefined
        throw error
      })
      if (silent !== undefined) door.tell(silent)
      continue
    }
    await record.append({ type: 'answer', id: plan.id, write: index, outcome: sent.outcome, said: sent.error.message })
    throw partial(sent.error, sent.outcome, index, plan, write, undo)
  }
}

/** A kubelet looks at a pod's files when the pod changes, and else once in a minute or so: an annotation spares that wait. */
async function nudge(door: Door, plan: Plan): Promise<void> {
  const signal = AbortSignal.any([door.context.signal, AbortSignal.timeout(10_000)])
  const body = { metadata: { annotations: { 'task-mcp/settings-changed': new Date(door.context.clock.now()).toISOString() } } }
  for (const name of plan.nudges ?? []) {
    const ref = { resource: 'pods', namespace: plan.target.namespace, name } as const
    try {
      await door.writer.patch(ref, 'merge', body, { dryRun: false, fieldManager }, signal)
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error
      if (error instanceof DeniedError)
        return door.tell(`pods cannot be told to look now, so it takes up to a minute and a half: ${error.message}`)
    }
  }
}

/** What changed while somebody thought it over. The patch itself refuses as well; this says which fields. */
function unmoved(write: PlannedWrite, seen: KubeObject | undefined, now: KubeObject): void {
  if (seen === undefined || write.guard === 'fields' || now.metadata.generation === seen.metadata.generation) return
  const changed = fieldDiff(seen, now).filter(({ field }) => !field.startsWith('metadata.'))
  const said = changed.slice(0, 3).map(({ field, from, to }) => `${field} ${from ?? 'absent'} -> ${to ?? 'absent'}`)
  throw new MovedError(
    `${named(write.kind, write.ref.name)} has changed since the plan: ${said.join(', ')}${changed.length > 3 ? `, and ${changed.length - 3} more` : ''}; nothing was changed`,
    'look again and make a new plan',
  )
}

function partial(
  error: ExpectedError,
  outcome: 'not-applied' | 'unknown',
  index: number,
  plan: Plan,
  write: PlannedWrite,
  undo: string | undefined,
): ExpectedError {
  const what = named(write.kind, write.ref.name)
  const back = undo === undefined ? '' : `; ${undo} looks, and takes back what was applied`
  if (outcome === 'unknown')
    return new ExpectedError(
      `whether ${what} was changed is not known: ${error.message}`,
      exit.unverified,
      `look at ${what} when the API server answers again${back}`,
      { cause: error },
    )
  if (index === 0)
    return error instanceof DeniedError || error instanceof MovedError
      ? error
      : new ExpectedError(`nothing was changed: ${error.message}`, error.exitCode, error.next, { cause: error })
  return new ExpectedError(
    `${index} of ${plan.writes.length} changes were applied, then ${what} was refused: ${error.message}`,
    exit.unverified,
    undo,
    { cause: error },
  )
}
