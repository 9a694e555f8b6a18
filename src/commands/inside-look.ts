/** The look from inside a pod that `diagnose --ephemeral` adds to what was seen: planned, confirmed, run once, read back. */
import { addEphemeral, endOfEphemeral, ephemeralIn, ephemeralNote, ephemeralWords } from '../actions/ephemeral.ts'
import { openRecord } from '../actions/run-record.ts'
import type { Context } from '../context.ts'
import { insideQuestions } from '../diagnosis/from-inside.ts'
import { podIsReady, type View } from '../diagnosis/view.ts'
import { AbsentError, ExpectedError, exit, UnreachableError } from '../errors.ts'
import { insideAnswers, insideCommand } from '../facts/inside-questions.ts'
import { mainContainer } from '../facts/lookup.ts'
import { part } from '../facts/part.ts'
import type { InsideLook, Part } from '../facts/snapshot.ts'
import type { Settings } from '../settings.ts'

/** Milliseconds for the image to arrive and for the longest question, which gives up after 4 s. */
const patience = 30_000

/**
 * Asks from inside one running pod, a troubled one first.
 * @param image what to ask with; it needs a shell, and getent or nslookup, and bash, nc or curl
 * @param yes added without asking
 * @returns what was heard, or why nothing was
 * @throws ExpectedError with exit code 7 where a person declines, or nobody is there to ask
 */
export async function lookInside(context: Context, settings: Settings, view: View, image: string, yes: boolean): Promise<Part<InsideLook>> {
  const { terminal, clock, signal } = context
  const running = view.pods.filter((pod) => pod.status?.containerStatuses?.some((status) => status.state?.running))
  const pod = running.find((one) => !podIsReady(one)) ?? running[0]
  if (!pod) return { state: 'absent', reason: 'no pod runs that could be looked from' }
  const questions = insideQuestions(view)
  const added = ephemeralIn(pod, mainContainer({ spec: pod.spec }, settings.service), image, insideCommand(questions))
  terminal.err(
    `Plan: ask ${questions.map(({ host, port }) => (port === undefined ? host : `${host}:${port}`)).join(', ')}\n${ephemeralWords(added)}`,
  )
  if (!yes && !terminal.inIsTTY)
    throw new ExpectedError('nothing was changed: without a terminal --ephemeral needs --yes', exit.declined, 'say --yes, or leave it out')
  if (!yes && !(await terminal.confirm(`Add it to pod ${pod.metadata.name}?`)))
    throw new ExpectedError('declined; nothing was changed', exit.declined)
  const targets = context.targets(settings)
  return part(async () => {
    const [cluster, writer] = await Promise.all([targets.cluster(), targets.writer()])
    await addEphemeral(writer, added, true, signal)
    await addEphemeral(writer, added, false, signal)
    await openRecord(context).append({ type: 'note', id: added.name, step: 'diagnose', note: ephemeralNote(added) })
    const end = await endOfEphemeral(cluster, clock, added, clock.now() + patience, signal)
    if (end.state === 'not-started') throw new AbsentError(`container ${added.name} did not start: ${end.reason}`, 'check the image')
    const answers = insideAnswers(questions, end.output)
    if (answers.every((answer) => answer.said === 'cannot-ask'))
      throw new UnreachableError(
        `container ${added.name} could ask nothing${end.state === 'ended' ? `: exit ${end.code}` : ' in time'}`,
        'give an image with a shell, getent or nslookup, and bash, nc or curl',
      )
    return { pod: pod.metadata.name, container: added.name, answers }
  }, signal)
}
