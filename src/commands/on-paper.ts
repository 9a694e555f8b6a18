/** Actions by plan files: written down signed, and applied from there once a second person has approved. */
import path from 'node:path'
import { type Consent, type Door, perform, type Receipt } from '../actions/door.ts'
import type { Look } from '../actions/look.ts'
import type { Plan } from '../actions/plan.ts'
import { checkPlanFile, clusterMark, planFrom, writePlanFile } from '../actions/plan-file.ts'
import type { Context } from '../context.ts'
import { MovedError, UsageError } from '../errors.ts'
import type { ActionOptions } from './action-options.ts'
import { ownKey, planFileAt, signersOf } from './two-people.ts'

/** The plan of a file, for this very command line, that a second person has approved, and that was not applied from here before. */
export async function approvedPlan(context: Context, look: Look, name: string, asked: string): Promise<Plan> {
  const file = await planFileAt(context, name)
  const mark = await clusterMark(look)
  const { author, approver } = checkPlanFile(file, await signersOf(context, look.settings), mark, context.clock.now())
  if (file.plan.asked !== asked) throw new UsageError(`the plan is for another command: ${file.command}`, `${file.command} --plan ${name}`)
  const before = await look.record.changes(look.cluster.identity().server)
  if (before.some((change) => change.id === file.plan.id && change.writes.length > 0))
    throw new MovedError(`the plan was applied before, as change ${file.plan.id}`, `task-mcp undo ${file.plan.id}  takes it back`)
  context.terminal.err(`planned by ${author}, approved by ${approver} at ${file.approval!.at}\n`)
  const plan = await planFrom(look, file)
  const held = new Set(file.despite)
  return {
    ...plan,
    objections: plan.objections.filter(({ code }) => !held.has(code)),
    gates: held.has('gate') ? plan.gates.map((gate) => (gate.state === 'failed' ? { ...gate, state: 'unknown' } : gate)) : plan.gates,
    why: `${plan.why} (planned by ${author}, approved by ${approver})`,
  }
}

/** Show the plan as a dry run does, and write it down signed. `command` is what is to be typed with the file later. */
export async function planOnPaper(
  context: Context,
  door: Door,
  plan: Plan,
  consent: Consent,
  options: ActionOptions & { readonly planOut: string },
  command: string,
): Promise<Receipt> {
  const receipt = await perform(door, plan, { ...consent, dryRun: true })
  if (receipt.outcome !== 'dry-run') return receipt
  const { settings } = door.look
  const mark = await clusterMark(door.look)
  const file = writePlanFile(
    {
      plan,
      command,
      despite: consent.despite,
      cluster: mark.uid ?? mark.server,
      now: context.clock.now(),
      validFor: options.validFor ?? 3600,
    },
    await ownKey(context, settings, options.signWith),
    await signersOf(context, settings),
  )
  await context.files.write(path.resolve(context.cwd, options.planOut), `${JSON.stringify(file, null, 2)}\n`)
  return {
    ...receipt,
    said: `the plan is in ${options.planOut}, good until ${file.expiresAt}; nothing was changed`,
    next: `task-mcp approve ${options.planOut}  is for somebody else`,
  }
}
