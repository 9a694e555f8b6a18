/**
 * A runbook walked step by step: with a person who chooses, or unattended by the same way. What is asked of the world and the
 * person is handed in; each answer is recorded before the next step, so that a walk can go on after a closed terminal.
 */
import type { WalkEntry } from '../actions/run-record.ts'
import type { Cause, StepResult, VerdictWord } from '../diagnosis/verdict.ts'
import type { Earlier } from './guide-record.ts'
import type { Phase, Runbook, Step } from './runbook.ts'
import { called, inOrder } from './walk.ts'

/** What a person can choose; which of them depends on the step. */
export type Choice = 'next' | 'run' | 'done' | 'skip' | 'note' | 'again' | 'escalate' | 'stop'

/** One look at the service, by the runbook of the walk. */
export interface Seen {
  verdict: VerdictWord
  headline: string
  causes: readonly Cause[]
  steps: readonly StepResult[]
}

/** What became of an action. `outcome` is the receipt's; `stopped` when the person left the walk over it. */
export interface Done {
  outcome: 'already' | 'blocked' | 'dry-run' | 'declined' | 'applied' | 'failed' | 'for-a-person'
  ok: boolean
  said: string
  change?: string | undefined
}

export interface Asked {
  step: Step
  phase: Phase
  choices: readonly Choice[]
}

/** Everything that a walk needs of the world. */
export interface Hands {
  look(): Promise<Seen>
  /** A person chooses; undefined where nobody is there. */
  choose: ((asked: Asked) => Promise<Choice>) | undefined
  /** A person writes a line. */
  write(question: string): Promise<string>
  /** A step is about to be taken or was passed: print it. */
  show(step: Step, result: StepResult, before?: Earlier): void
  phase(phase: Phase): void
  seen(seen: Seen): void
  say(text: string): void
  /**
   * Take a command line through the door of actions. `agree` is asked once the plan was shown; undefined is consent given.
   * `begun` is called after consent and before the first write.
   */
  act(
    line: string,
    cause: Cause | undefined,
    agree: (() => Promise<boolean>) | undefined,
    begun: (change: string) => Promise<void>,
  ): Promise<Done>
  /** The line that would do an action of this name, when no cause says which. */
  usual(action: string): string
  /** Save what was seen; says where. */
  capture(step: Step): Promise<string>
  /** Call the next people; says what came of it. */
  escalate(): Promise<string>
  append(entry: WalkEntry): Promise<void>
}

export interface Walk {
  id: string
  book: Runbook
  /** Steps that have an answer already, by their id. */
  earlier: ReadonlyMap<string, Earlier>
  /** Actions that are done without asking, when nobody is there. */
  yesTo: readonly string[]
}

export interface Walked {
  outcome: 'finished' | 'stopped'
  seen: Seen
  /** Actions that were applied and did not come true. */
  failed: number
}

/** Walk the runbook to its end, or until the person stops. Throws InterruptedError and what a look throws. */
export async function guide(walk: Walk, hands: Hands): Promise<Walked> {
  let seen = await look(walk, hands)
  let failed = 0
  let phase: Phase | undefined
  for (const step of inOrder(walk.book)) {
    if (step.phase !== phase) hands.phase(step.phase)
    phase = step.phase
    const before = walk.earlier.get(step.id)
    if (before?.choice !== undefined) {
      hands.show(step, { ...resultOf(step, seen), status: before.status as StepResult['status'], found: before.found }, before)
      continue
    }
    const result = resultOf(step, seen)
    hands.show(step, result)
    const answer = await take(step, result, before)
    if (answer.stop) {
      await hands.append({ type: 'walk-over', id: walk.id, outcome: 'stopped' })
      return { outcome: 'stopped', seen, failed }
    }
    const { stop: _, acted, ...kept } = answer
    await hands.append({
      type: 'step',
      id: walk.id,
      step: step.id,
      phase: step.phase,
      kind: step.kind,
      ...resultIn(resultOf(step, seen)),
      ...kept,
    })
    if (acted) seen = await look(walk, hands)
    if (kept.ok === false) failed++
  }
  await hands.append({ type: 'walk-over', id: walk.id, outcome: 'finished' })
  return { outcome: 'finished', seen, failed }

  async function take(step: Step, result: StepResult, before: Earlier | undefined): Promise<Answer> {
    switch (step.kind) {
      case 'check':
        return check(step, result)
      case 'manual':
        return manual(step)
      case 'action':
        return action(step, before)
    }
  }

  async function check(step: Step, result: StepResult): Promise<Answer> {
    if (hands.choose === undefined || (result.status !== 'found' && result.status !== 'unknown')) return { choice: 'seen' }
    const choice = await ask(step, ['next', 'note', 'again', 'escalate', 'stop'])
    return choice === 'stop' ? stopped : { choice: 'seen' }
  }

  async function manual(step: Step): Promise<Answer> {
    if (hands.choose === undefined) return { choice: 'skip', note: 'for a person' }
    const choice = await ask(step, ['done', 'skip', 'note', 'escalate', 'stop'])
    if (choice === 'stop') return stopped
    if (choice === 'skip') return { choice: 'skip' }
    return { choice: 'done', note: await hands.write('What was found?') }
  }

  async function action(step: Step & { kind: 'action' }, before: Earlier | undefined): Promise<Answer> {
    const said = called(step.action, seen.causes)
    const cures = said !== undefined && 'for' in said
    if (before?.change !== undefined && before.settled === true) {
      hands.say(`change ${before.change} was made and verified before the walk was cut off`)
      return { choice: 'run', change: before.change, ok: true, acted: true }
    }
    if (hands.choose === undefined) {
      if (step.action === 'capture' && walk.yesTo.includes('capture')) return { choice: 'run', note: await hands.capture(step), ok: true }
      if (!cures) return { choice: 'skip', note: said === undefined ? 'nothing calls for it' : `do not: ${said.why}` }
      if (!walk.yesTo.includes(step.action)) return { choice: 'skip', note: `--yes-to ${step.action} was not said` }
      if (!said.first) return { choice: 'skip', note: `${said.for.code} has a better remedy first` }
      return perform(step, said.remedy.command, said.for, undefined)
    }
    if (cures && step.action !== 'capture' && step.action !== 'escalate') {
      let left: 'skip' | 'stop' | undefined
      const answer = await perform(step, said.remedy.command, said.for, async () => {
        const choice = await ask(step, ['run', 'skip', 'note', 'escalate', 'stop'])
        left = choice === 'run' ? undefined : choice === 'stop' ? 'stop' : 'skip'
        return left === undefined
      })
      if (left === 'stop') return stopped
      if (left === 'skip') return { choice: 'skip' }
      if (answer.choice === 'run') return answer
    }
    for (;;) {
      const choice = await ask(step, ['skip', 'run', 'note', 'escalate', 'stop'])
      if (choice === 'stop') return stopped
      if (choice !== 'run') return { choice: 'skip' }
      if (step.action === 'capture') return { choice: 'run', note: await hands.capture(step), ok: true }
      if (step.action === 'escalate') return { choice: 'escalate', note: await hands.escalate() }
      const usual = cures ? said.remedy.command : hands.usual(step.action)
      const line = (await hands.write(`The command line (Enter takes: ${usual})`)).trim() || usual
      const answer = await perform(step, line, cures ? said.for : undefined, () =>
        ask(step, ['run', 'skip', 'note']).then((one) => one === 'run'),
      )
      if (answer.choice === 'run') return answer
    }
  }

  /** Through the door. What was refused, stopped by a gate or declined leaves the step open, so that the person can choose again. */
  async function perform(step: Step, line: string, cause: Cause | undefined, agree: (() => Promise<boolean>) | undefined): Promise<Answer> {
    const done = await hands.act(line, cause, agree, (change) => hands.append({ type: 'step-begun', id: walk.id, step: step.id, change }))
    if (done.outcome !== 'declined') hands.say(done.said)
    const changed = done.outcome === 'applied' || done.outcome === 'failed'
    if (changed || done.outcome === 'already') {
      return {
        choice: 'run',
        note: done.said,
        ok: done.ok,
        acted: changed,
        ...(changed && done.change !== undefined ? { change: done.change } : {}),
      }
    }
    return { choice: 'skip', note: done.said }
  }

  /** Ask until the answer is not a note, another look or a call for help. */
  async function ask(step: Step, choices: readonly Choice[]): Promise<Choice> {
    for (;;) {
      const choice = await hands.choose!({ step, phase: step.phase, choices })
      if (choice === 'note') await hands.append({ type: 'note', id: walk.id, step: step.id, note: await hands.write('Note') })
      else if (choice === 'again') {
        seen = await look(walk, hands)
        hands.show(step, resultOf(step, seen))
      } else if (choice === 'escalate') {
        const said = await hands.escalate()
        hands.say(said)
        await hands.append({ type: 'note', id: walk.id, step: step.id, note: `escalated: ${said}` })
      } else return choice
    }
  }
}

interface Answer {
  choice: 'seen' | 'run' | 'skip' | 'done' | 'escalate'
  note?: string
  change?: string
  ok?: boolean
  /** Something was changed, so that what was seen is old. */
  acted?: boolean
  stop?: boolean
}

const stopped: Answer = { choice: 'skip', stop: true }

async function look(walk: Walk, hands: Hands): Promise<Seen> {
  const seen = await hands.look()
  hands.seen(seen)
  await hands.append({
    type: 'look',
    id: walk.id,
    verdict: seen.verdict,
    headline: seen.headline,
    causes: seen.causes.map((cause) => cause.code),
  })
  return seen
}

const resultIn = ({ status, found }: StepResult): Pick<StepResult, 'status' | 'found'> => ({ status, found })

function resultOf(step: Step, seen: Seen): StepResult {
  return (
    seen.steps.find((result) => result.id === step.id) ?? {
      id: step.id,
      phase: step.phase,
      title: step.title,
      kind: step.kind,
      status: 'unknown',
      found: '',
    }
  )
}

/** Seconds at which a phase is over, by the written runbook; recovery has no end. */
const ends: Readonly<Record<Phase, number>> = { immediate: 300, troubleshooting: 900, recovery: Number.POSITIVE_INFINITY }
const spans: Readonly<Record<Phase, string>> = { immediate: '0-5 min', troubleshooting: '5-15 min', recovery: '15+ min' }

/** Where the clock of the walk stands for a step of a phase: `3:12 of 0-5 min`. Takes seconds since the walk began. */
export function phaseClock(elapsed: number, phase: Phase): string {
  const minutes = Math.floor(Math.max(0, elapsed) / 60)
  const text = `${minutes}:${String(Math.floor(Math.max(0, elapsed) % 60)).padStart(2, '0')}`
  if (elapsed < ends[phase]) return `${text} of ${spans[phase]}`
  return elapsed >= ends.troubleshooting ? `${text}: 15 min are over, recover or escalate` : `${text}: ${spans[phase]} are over`
}
