/** The two-person rule at the terminal: plans written to a file, approved by somebody else, and applied from it. */
import path from 'node:path'
import { type OwnKey, readOwnKey, readSigners, type Signer } from '../actions/keys.ts'
import { approvePlanFile, type PlanFile, readPlanFile } from '../actions/plan-file.ts'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { durationText } from '../duration.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { renderPlan } from '../output/plan.ts'
import { styleFor } from '../output/style.ts'
import type { Settings } from '../settings.ts'
import type { GlobalOptions } from './entry.ts'

/** Whether a plan needs a second person. */
export const needsTwo = (settings: Settings): boolean => settings.approval.signers !== undefined

export async function signersOf(context: Context, settings: Settings): Promise<Signer[]> {
  const file = settings.approval.signers
  if (file === undefined)
    throw new UsageError('nobody is named who may plan and approve', 'set approval.signers to a file of NAME ssh-ed25519 AAAA... lines')
  return readSigners(await readText(context, file), file)
}

/** The key that was said, else approval.key of the settings. */
export async function ownKey(context: Context, settings: Settings, said: string | undefined): Promise<OwnKey> {
  const file = said ?? settings.approval.key
  if (file === undefined)
    throw new UsageError(
      'no key was given to sign with',
      '--sign-with (or approve --key) ~/.ssh/id_ed25519, or approval.key in the settings',
    )
  return readOwnKey(await readText(context, file), file)
}

export async function planFileAt(context: Context, file: string): Promise<PlanFile> {
  return readPlanFile(await readText(context, file), file)
}

async function readText(context: Context, file: string): Promise<string> {
  try {
    return await context.files.read(path.resolve(context.cwd, file.replace(/^~(?=\/)/, context.home)))
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`, 'check the path', { cause: error })
  }
}

interface ApproveOptions extends GlobalOptions {
  readonly key?: string
  readonly yes: boolean
}

/** `task-mcp approve FILE`: look at somebody else's plan and sign it. */
export async function run(context: Context, [name = '']: readonly string[], options: ApproveOptions): Promise<ExitCode> {
  const { terminal, clock } = context
  const { settings } = await loadSettings(options, context)
  const file = await planFileAt(context, name)
  const approved = approvePlanFile(file, await ownKey(context, settings, options.key), await signersOf(context, settings), clock.now())
  terminal.err(renderPlan(file.plan, [], { columns: terminal.columns, style: styleFor(terminal) }))
  for (const { path: field, from, to } of file.plan.writes.flatMap((write) => write.fields))
    terminal.err(`  ${field.join('.')}: ${JSON.stringify(from) ?? 'absent'} -> ${JSON.stringify(to) ?? 'absent'}\n`)
  const left = durationText(Math.round((Date.parse(file.expiresAt) - clock.now()) / 1000))
  terminal.err(`  made by ${file.author.name}, good for ${left} more; ${file.command}\n`)
  const agreed = options.yes || (terminal.inIsTTY && (await terminal.confirm(`Approve this as ${approved.approval!.name}?`)))
  if (!agreed) {
    terminal.out(
      terminal.inIsTTY ? 'not approved\n' : `not approved: without a terminal --yes is needed\n  task-mcp approve ${name} --yes\n`,
    )
    return exit.declined
  }
  await context.files.write(path.resolve(context.cwd, name), `${JSON.stringify(approved, null, 2)}\n`)
  terminal.out(
    options.json
      ? `${JSON.stringify({ schemaVersion: 1, plan: file.plan.id, approvedBy: approved.approval!.name, expiresAt: file.expiresAt }, null, 2)}\n`
      : `approved as ${approved.approval!.name}\n  ${file.command} --plan ${name}\n`,
  )
  return exit.ok
}
