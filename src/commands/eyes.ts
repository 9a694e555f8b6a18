/** Looks at a service again and again, as a walk does. */
import { type Resolved, withDiscovered } from '../config.ts'
import type { Context } from '../context.ts'
import { judge } from '../diagnosis/judge.ts'
import type { Verdict } from '../diagnosis/verdict.ts'
import type { Discovered } from '../facts/discover-service.ts'
import { gather } from '../facts/gather.ts'
import type { Snapshot } from '../facts/snapshot.ts'
import type { Runbook } from '../runbook/runbook.ts'
import { walk as results } from '../runbook/walk.ts'

/** Looks at the service by a runbook and remembers the last look. */
export function createEyes(context: Context, resolved: Resolved) {
  const { clock, signal, version } = context
  const { settings } = resolved
  let last: { snapshot: Snapshot; view: ReturnType<typeof judge>['view'] } | undefined
  return {
    look: async (book: string): Promise<Verdict> => {
      const snapshot = await gather(settings, {
        targets: context.targets(settings),
        clock,
        signal,
        version,
        refine: (found: readonly Discovered[]) => withDiscovered(resolved, found).settings,
      })
      const { verdict, view } = judge(snapshot, book)
      context.learned?.({ verdict })
      last = { snapshot, view }
      return verdict
    },
    steps: (book: Runbook, verdict: Verdict) => results(book, last!.view, verdict.causes),
    snapshot: () => last!.snapshot,
  }
}
