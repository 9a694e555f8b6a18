/** What spent a budget: hours that burned, deploys, incidents, and where the bad events were. */
import { type Cost, type DeployCost, deployCost, incidentCost, type Spell, spells } from './cost.ts'
import type { Counts } from './counts.ts'
import type { Objective } from './objectives.ts'
import type { WhoIs } from './principals.ts'
import type { ObjectiveCounts, SloFacts } from './seen.ts'

export interface Spent {
  /** The dearest routes, tools and the like: bad events each, and its share of the budget. */
  by: { word: string; what: string; bad: number; share: number | null }[]
  spells: (Omit<Spell, 'start'> & { start: string })[]
  deploys: ({ at: string; name: string } & DeployCost)[]
  incidents: ({ start: string; end: string; name: string } & Cost)[]
}

/** `whole` are the counts that the budget is of, `counted` the hours that were counted: [end in unix seconds, counts]; `whoIs` names principals. */
export function spentOf(
  objective: Objective,
  facts: ObjectiveCounts,
  all: SloFacts,
  { whole, share, counted, whoIs }: { whole: Counts; share: number; counted: readonly (readonly [number, Counts])[]; whoIs: WhoIs },
): Spent {
  return {
    by: Object.entries(facts.by ?? {}).flatMap(([word, pieces]) =>
      pieces.map(({ labels, bad }) => ({
        word,
        what: nameOf(labels, whoIs),
        bad,
        share: whole.total > 0 ? bad / (share * whole.total) : null,
      })),
    ),
    spells: spells(counted, whole, share, 3)
      .slice(0, 5)
      .map((spell) => ({ ...spell, start: rfc3339(spell.start) })),
    deploys: all.deploys.flatMap(({ at: deployed, name, before, after }) => {
      const [was, is] = [before[objective.id], after[objective.id]]
      return was && is ? [{ at: rfc3339(deployed), name, ...deployCost(was, is, whole, share) }] : []
    }),
    incidents: all.incidents.flatMap(({ at: start, end, name, during }) => {
      const one = during[objective.id]
      return one ? [{ start: rfc3339(start), end: rfc3339(end ?? all.at), name, ...incidentCost(one, whole, share) }] : []
    }),
  }
}

/** Labels read in this order make words: `POST /mcp 503`, `tools/call create_task internal`. */
const spoken = ['method', 'route', 'mcp_method_name', 'gen_ai_tool_name', 'error_type', 'status_code']

function nameOf(labels: Record<string, string>, whoIs: WhoIs): string {
  const rank = (name: string) => (spoken.indexOf(name) + spoken.length + 1) % (spoken.length + 1)
  const words = Object.entries(labels)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([name, value]) => (name === 'principal' ? whoIs(value) : value))
  return words.join(' ') || 'without a name'
}

/** Unix seconds as RFC 3339. */
export function rfc3339(seconds: number): string {
  return new Date(Math.round(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}
