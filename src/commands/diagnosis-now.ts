/** The verdict on the service as it is now, for commands that act on it. */
import type { Context } from '../context.ts'
import { chooseRunbook } from '../diagnosis/choose.ts'
import { judge } from '../diagnosis/judge.ts'
import type { Verdict } from '../diagnosis/verdict.ts'
import { gather } from '../facts/gather.ts'
import type { Snapshot } from '../facts/snapshot.ts'
import { loadRunbooks, named } from '../runbook/directory.ts'
import type { Runbook } from '../runbook/runbook.ts'
import type { Settings } from '../settings.ts'
import { settledLook } from './settled-look.ts'

/** Look and judge, by the runbook named or else by the one that the symptoms choose. */
export async function diagnosisNow(context: Context, settings: Settings, runbook?: string): Promise<Verdict> {
  const { clock, signal, version } = context
  const targets = context.targets(settings)
  const books = await loadRunbooks(context.files, context.root, settings.runbooks)
  const wanted = runbook === undefined ? undefined : named(books, runbook).name
  const look = (timeoutSeconds: number) => gather({ ...settings, timeoutSeconds }, { targets, clock, signal, version })
  const judged = (snapshot: Snapshot) => [judge(snapshot, wanted ?? bookFor(judge(snapshot, 'service-downtime').verdict, books))]
  const { verdict } = (await settledLook(context, settings.timeoutSeconds, look, judged))[0]!
  context.learned?.({ verdict })
  return verdict
}

/** The name of the runbook that symptoms, causes and alerts choose. */
export const bookFor = ({ symptoms, causes }: Verdict, books: readonly Runbook[]): string =>
  chooseRunbook(symptoms, causes, Object.fromEntries(books.flatMap((book) => book.alerts.map((alert) => [alert, book.name]))))
