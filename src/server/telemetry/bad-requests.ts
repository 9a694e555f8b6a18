import type { Counter } from '@prometheus-io/client'

/** Why a request counts against a promise: failed in the server, slower than 200 ms, slower than 500 ms, refused because the server is full. */
export const badReasons = ['error', 'over_200ms', 'over_500ms', 'full'] as const
export type BadReason = (typeof badReasons)[number]

/** Those without a series of their own, and requests that ended before it was known who asked. */
export const otherPrincipals = '_other'
export const unknownPrincipal = '_unknown'

type BadCounter = Pick<Counter<'principal' | 'reason'>, 'inc' | 'remove'>

/** A principal with a series of its own. */
interface Named {
  /** Bad requests, those of days ago counting for less: who has the fewest is the first to make room. */
  weight: number
  /** When a scrape first showed it, with 0; undefined before that. */
  shownAt: number | undefined
  /** What happened before it may be shown. */
  held: Map<BadReason, number> | undefined
}

/** Series at once, `_other` and `_unknown` not among them. */
const mostNamed = 10
/** Candidates for one: enough that whoever causes 1% of what is bad is among them. */
const mostCandidates = 100
/** How much more a candidate must have than the named one whose place it takes. Twice, so that places change hands a bounded number of times. */
const clearlyMore = 2
/** A series shows 0 for so long: every scraper then sees it rise, and `increase()` counts what was there when it began. */
const heldMilliseconds = 60_000
const day = 86_400_000

/** Counts bad requests by who asked, in a bounded number of series. */
export interface BadRequests {
  /** `tag` is the principal's hash as the log has it; undefined when it is not known who asked. */
  count(tag: string | undefined, reason: BadReason): void
  /** Before each scrape: shows who got a series since the one before. */
  show(): void
}

/**
 * Takes the counter (labels `principal`, `reason`) and a clock in milliseconds. The first principals that something goes wrong for
 * get a series at once; when all are taken, the others are followed in a space-saving sketch (Metwally and others, 2005), whose lower
 * bound says who surely has more than one that is named.
 */
export function createBadRequests(counter: BadCounter, now: () => number): BadRequests {
  const named = new Map<string, Named>()
  const candidates = new Map<string, { weight: number; error: number }>()
  let agedAt = now()
  for (const principal of [otherPrincipals, unknownPrincipal]) for (const reason of badReasons) counter.inc({ principal, reason }, 0)

  const age = (): void => {
    if (now() - agedAt < day) return
    agedAt = now()
    for (const one of named.values()) one.weight /= 2
    for (const one of candidates.values()) {
      one.weight /= 2
      one.error /= 2
    }
  }

  /** The weight that the principal has for sure, this request included. */
  const follow = (tag: string): number => {
    const known = candidates.get(tag)
    if (known !== undefined) {
      known.weight += 1
      return known.weight - known.error
    }
    let error = 0
    if (candidates.size >= mostCandidates) {
      const [least, { weight }] = lightest(candidates)
      candidates.delete(least)
      error = weight
    }
    candidates.set(tag, { weight: error + 1, error })
    return 1
  }

  /** Gives the principal a place among the named, where there is one or it has earned one. */
  const admit = (tag: string): Named | undefined => {
    const weight = named.size < mostNamed ? 1 : follow(tag)
    if (named.size >= mostNamed) {
      const [least, { weight: fewest }] = lightest(named)
      if (weight < clearlyMore * Math.max(fewest, 1)) return undefined
      named.delete(least)
      for (const reason of badReasons) counter.remove({ principal: least, reason })
      candidates.delete(tag)
    }
    const one: Named = { weight: weight - 1, shownAt: undefined, held: new Map() }
    named.set(tag, one)
    return one
  }

  return {
    count: (tag, reason) => {
      if (tag === undefined) return counter.inc({ principal: unknownPrincipal, reason })
      age()
      const one = named.get(tag) ?? admit(tag)
      if (one === undefined) return counter.inc({ principal: otherPrincipals, reason })
      one.weight += 1
      if (one.held === undefined) counter.inc({ principal: tag, reason })
      else one.held.set(reason, (one.held.get(reason) ?? 0) + 1)
    },
    show: () => {
      for (const [principal, one] of named) {
        if (one.held === undefined) continue
        if (one.shownAt === undefined) {
          one.shownAt = now()
          for (const reason of badReasons) counter.inc({ principal, reason }, 0)
        } else if (now() - one.shownAt >= heldMilliseconds) {
          for (const [reason, count] of one.held) counter.inc({ principal, reason }, count)
          one.held = undefined
        }
      }
    },
  }
}

function lightest<T extends { weight: number }>(all: ReadonlyMap<string, T>): [tag: string, one: T] {
  let found: [string, T] | undefined
  for (const entry of all) if (found === undefined || entry[1].weight < found[1].weight) found = entry
  return found!
}
