/** How the commands run meanwhile join the time line of the open incident: called by `main` when one is open, or when a verdict is to be remembered. */
import type { Context, Learned } from '../context.ts'
import { type ExitCode, ExpectedError, exit } from '../errors.ts'
import { changeOf, digestOf } from '../incident/digest.ts'
import { commandText, type Told, type VerdictDigest } from '../incident/entry.ts'
import { lastVerdictFile } from '../state-directory.ts'
import { type OpenIncident, openIncident } from './incident-open.ts'
import { openStore } from './incident-store.ts'

/** What is known of a command when it has ended. */
export interface Ended {
  argv: readonly string[]
  /** Epoch milliseconds. */
  started: number
  code: ExitCode
  /** The beginning of its answer, or its complaint. */
  said: string
  learned: readonly Learned[]
}

/** Longest wait for the shared record, in milliseconds: a command is not held up by it. */
const shareWait = 3000

/**
 * Adds a command to the incident that is open on this machine. Nothing of this changes how the command ended: what cannot be written
 * is said on stderr, and what cannot be shared stays here until it can.
 */
export async function join(context: Context, ended: Ended): Promise<void> {
  try {
    const open = await openIncident(context)
    if (open === undefined) return
    const told: Told = {
      type: 'command',
      line: commandText(ended.argv),
      exitCode: ended.code,
      seconds: Math.max(0, Math.round(context.clock.now() - ended.started) / 1000),
      said: firstLines(ended.said),
      ...verdictsOf(ended.learned),
      ...changesOf(ended.learned),
    }
    await write(context, open, told)
  } catch (error) {
    context.terminal.err(`task-mcp: this command did not join the incident: ${error instanceof Error ? error.message : error}\n`)
  }
}

async function write(context: Context, open: OpenIncident, told: Told): Promise<void> {
  // After Ctrl-C nothing is waited for: the next command sends it.
  const place: OpenIncident['place'] = context.signal.aborted ? { ...open.place, shared: 'none' } : open.place
  const store = await openStore(context, place, shareWait)
  try {
    await store.add(open.id, [told])
  } finally {
    await store.close()
  }
}

/** Remembers the last verdict, from which an incident can be opened. */
export async function remember(context: Context, learned: readonly Learned[]): Promise<void> {
  const verdict = learned.flatMap((one) => ('verdict' in one ? [one.verdict] : [])).at(-1)
  if (verdict === undefined) return
  try {
    const { target, symptoms } = verdict
    await context.files.write(
      lastVerdictFile(context),
      `${JSON.stringify({ target, since: symptoms.flatMap((one) => one.since ?? []).sort()[0], digest: digestOf(verdict) })}\n`,
    )
  } catch (error) {
    if (error instanceof ExpectedError || !(error instanceof Error && 'code' in error)) throw error
    context.terminal.err(`task-mcp: the verdict was not remembered: ${error.message}\n`)
  }
}

/** The first and the last look; several in between say the same. */
function verdictsOf(learned: readonly Learned[]): { verdicts?: VerdictDigest[] } {
  const all = learned.flatMap((one) => ('verdict' in one ? [one.verdict] : []))
  const kept = [...new Set([all[0], all.at(-1)])].filter((verdict) => verdict !== undefined)
  return kept.length === 0 ? {} : { verdicts: kept.map(digestOf) }
}

function changesOf(learned: readonly Learned[]): Pick<Extract<Told, { type: 'command' }>, 'changes'> {
  const all = learned.flatMap((one) => ('receipt' in one ? [changeOf(one.receipt)] : []))
  return all.length === 0 ? {} : { changes: all.slice(-10) }
}

const mostSaid = 300

/** The first words of an answer, on one line; of JSON nothing, since the rest of the entry says it better. */
function firstLines(text: string): string {
  if (/^\s*[{[]/.test(text)) return ''
  const lines = text.split('\n').map((line) => line.trim().replace(/\s+/g, ' '))
  const said = lines
    .filter((line) => line !== '')
    .slice(0, 2)
    .join('; ')
  return said.length <= mostSaid ? said : `${said.slice(0, mostSaid)} [cut]`
}

/** The exit code of an error, as `main` gives it. */
export const codeOf = (error: unknown): ExitCode => (error instanceof ExpectedError ? error.exitCode : exit.bug)
