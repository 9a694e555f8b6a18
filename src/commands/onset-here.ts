/** Since when the present trouble is: by the incident that is open on this machine, else by the last diagnosis that was made here. */
import type { Context } from '../context.ts'
import { incidentOf } from '../incident/state.ts'
import { lastVerdictFile } from '../state-directory.ts'
import { openIncident } from './incident-open.ts'
import { openStore } from './incident-store.ts'

/** A diagnosis older than this says nothing of now. */
const longest = 6 * 3_600_000

/** The onset in epoch milliseconds and where it is from; undefined where nothing says. */
export async function onsetHere(context: Context, now: number): Promise<{ at: number; from: string } | undefined> {
  const open = await openIncident(context)
  if (open) {
    const store = await openStore(context, open.place)
    try {
      const incident = incidentOf((await store.read(open.id)).entries)
      if (incident) return { at: Date.parse(incident.onset), from: `since the onset of ${incident.id}` }
    } finally {
      await store.close()
    }
  }
  const file = lastVerdictFile(context)
  if (!(await context.files.exists(file))) return undefined
  try {
    const { since, digest } = JSON.parse(await context.files.read(file)) as { since?: string; digest?: { at?: string; verdict?: string } }
    const [at, looked] = [Date.parse(since ?? ''), Date.parse(digest?.at ?? '')]
    if (Number.isNaN(at) || !(now - looked < longest) || at > now || digest?.verdict === 'healthy') return undefined
    return { at, from: 'since the onset that the last diagnosis found' }
  } catch {
    return undefined
  }
}
