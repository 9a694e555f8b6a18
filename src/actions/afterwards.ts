/** After a plan was applied: has it come true, and has nothing else got worse? */
import { type ExitCode, exit, InterruptedError } from '../errors.ts'
import type { Door, ObjectDiff, Receipt } from './door.ts'
import { compareGolden, type Golden } from './golden.ts'
import type { Plan } from './plan.ts'
import { recordable } from './run-record.ts'
import { type Verified, verify } from './verify.ts'

/** The command that takes a plan back; undefined where something was deleted. */
export const undoLine = (plan: Plan): string | undefined =>
  plan.writes.some((write) => write.verb === 'delete') ? undefined : `task-mcp undo ${plan.id}`

/** Wait until an applied plan has come true, and say so. */
export async function watched(door: Door, plan: Plan, wait: number, diff: ObjectDiff[]): Promise<Receipt> {
  const { record } = door.look
  const undo = undoLine(plan)
  const receipt = (outcome: Receipt['outcome'], exitCode: ExitCode, said: string, verified?: Verified): Receipt => ({
    outcome,
    said,
    plan: recordable(plan),
    diff,
    exitCode,
    ...(verified ? { verified } : {}),
    ...(undo ? { undo } : {}),
  })
  if (wait === 0) {
    await record.append({ type: 'unwatched', id: plan.id, said: 'not waited for, as was asked' })
    return receipt('applied', exit.ok, `${plan.summary}: applied, not waited for`)
  }
  // The deadline of the look is over by now; what counts is the patience that was asked for, and Ctrl-C.
  const verified = await verify(
    { ...door.look, signal: door.context.signal },
    plan.verification,
    door.context.clock,
    wait,
    (said) => said !== '' && door.tell(said),
  ).catch(async (error: unknown) => {
    if (error instanceof InterruptedError) {
      door.tell(`no longer waited for, but applied${undo === undefined ? '' : `; to take it back: ${undo}`}`)
      await record.append({ type: 'unwatched', id: plan.id, said: 'interrupted' })
    }
    throw error
  })
  await record.append({ type: 'verified', id: plan.id, ok: verified.ok, said: verified.said })
  return verified.ok
    ? receipt('applied', exit.ok, `${plan.summary}: done${verified.said === '' ? '' : `, ${verified.said}`}`, verified)
    : receipt('failed', exit.unverified, `${plan.summary}: applied, but not verified: ${verified.said}`, verified)
}

/** Watch the golden signals for a while: what came true must not have made anything else worse. */
export async function withGolden(door: Door, receipt: Receipt, before: Golden | undefined, observe: number): Promise<Receipt> {
  if (receipt.outcome !== 'applied' || door.golden === undefined) return receipt
  if (before === undefined) {
    door.tell('errors and latency before and after are not seen: no Prometheus answers for this service')
    return receipt
  }
  door.tell(`watching errors, latency and saturation for ${observe} s`)
  // Containers that restarted on the way to what is now true are no harm done; those that do from here on are.
  const restarts = (await door.golden(1))?.restarts ?? before.restarts
  await door.context.clock.sleep(observe * 1000, door.context.signal)
  const after = await door.golden(observe)
  if (after === undefined) return receipt
  const comparison = compareGolden({ ...before, restarts }, after, door.look.settings.thresholds)
  const golden = { before, after, comparison }
  await door.look.record.append({ type: 'golden', id: receipt.plan.id, worse: comparison.worse, said: comparison.said })
  if (comparison.worse.length === 0) return { ...receipt, golden, said: `${receipt.said}. ${comparison.said}` }
  return {
    ...receipt,
    golden,
    outcome: 'failed',
    exitCode: exit.unverified,
    said: `${receipt.plan.summary}: applied and in force, but something got worse: ${comparison.worse.join(', ')}. ${comparison.said}`,
  }
}
