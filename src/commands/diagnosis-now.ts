/** The verdict on the service as it is now, for commands that act on it. */
import type { Context } from '../context.ts'
import { chooseRunbook } from '../diagnosis/choose.ts'
import { judge } from '../diagnosis/judge.ts'
import type { Verdict } from '../diagnosis/verdict.ts'
import { gather } from '../facts/gather.ts'
import { loadRunbooks, named } from '../runbook/directory.ts'
import type { Runbook } from '../runbook/runbook.ts'
import type { Settings } from '../settings.ts'

/** Look and judge, by the runbook named or else by the one that the symptoms choose. */
export async function diagnosisNow(context: Context, settings: Settings, runbook?: string): Promise<Verdict> {
  const { clock, signal, version } = context
  const books = await loadRunbooks(context.files, context.root, settings.runbooks)
  const wanted = runbook === undefined ? undefined : named(books, runbook).name
  const snapshot = await gather(settings, { targets: context.targets(settings), clock, signal, version })
  const book = wanted ?? bookFor(judge(snapshot, 'service-downtime').verdict, books)
  const { verdict } = judge(snapshot, book)
  context.learned?.({ verdict })
  return verdict
}

/** The name of the runbook that symptoms, causes and alerts choose. */
export const bookFor = ({ symptoms, causes }: Verdict, books: readonly Runbook[]): string =>
  chooseRunbook(symptoms, causes, Object.fromEntries(books.flatMap((book) => book.alerts.map((alert) => [alert, book.name]))))
