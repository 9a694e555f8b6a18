/** The sentences that the text, the Markdown and the page of a report share. */
import { span } from '../duration.ts'
import type { StoryAction } from '../incident/actions.ts'
import { type MomentName, momentNames } from '../incident/moments.ts'
import type { BudgetCost, Measured, Story, StoryCause } from '../incident/story.ts'
import { subjectText } from './cause.ts'
import { amount, roughPercent } from './slo-number.ts'

export const momentTitles: Readonly<Record<'onset' | MomentName, string>> = {
  onset: 'Onset',
  detected: 'Detection',
  acknowledged: 'Acknowledgement',
  mitigated: 'Mitigation',
  recovered: 'Recovery',
  resolved: 'Resolution',
}

/** Onset and every moment: its name, its time or undefined, how long after the onset, how it is known. */
export function momentRows({ moments }: Story): { name: string; at: string | undefined; after: string; how: string }[] {
  return (['onset', ...momentNames] as const).map((name) => {
    const moment = moments[name]
    return {
      name: momentTitles[name],
      at: moment?.at,
      after: moment === undefined || name === 'onset' ? '' : span(moment.afterSeconds),
      how: moment?.how ?? 'not known',
    }
  })
}

/** What users felt, a sentence each. */
export function impactLines({ requests, sessions, budgets }: Measured): string[] {
  const lines: string[] = []
  if (requests !== null)
    lines.push(
      requests.total === 0
        ? 'No request was counted in that time: either nobody asked, or nobody could.'
        : `${amount(requests.failed)} of ${amount(requests.total)} requests failed (${roughPercent(requests.failed / requests.total)}).`,
    )
  if (sessions !== null) lines.push(`Up to ${amount(sessions)} sessions were open at once; the metrics of the service do not count users.`)
  for (const budget of budgets) lines.push(budgetLine(budget))
  return lines
}

function budgetLine({ title, bad, unit, share, net, remaining, window }: BudgetCost): string {
  const spent =
    share === null ? 'of a budget that is not known for want of traffic' : `${roughPercent(share)} of the error budget of ${window}`
  const beyond = share === null || net === null || Math.abs(net - share) < 0.005 ? '' : ` (${roughPercent(net)} beyond what is usual)`
  return `${title}: ${amount(bad)} bad ${unit}, ${spent}${beyond}${remaining === null ? '' : remaining < 0 ? `; it is overspent by ${roughPercent(-remaining)}` : `; ${roughPercent(remaining)} is left`}.`
}

/** `bad_release, Deployment shop/web: summary`. */
export const causeTitle = (cause: StoryCause): string => `${cause.code}, ${subjectText(cause.subject)}`

/** `kim: task-mcp rollback --yes`, what came of it, and whether it helped. */
export const actionText = ({ change, help, why }: StoryAction): string => {
  const verified = change.verified === undefined ? 'not waited for' : change.verified ? 'verified' : 'not verified'
  return `${change.summary} (${verified}): ${help === 'not known' ? 'whether it helped is not known' : help}, ${why}`
}

/** What was asked and seen, a line each. */
export const evidenceLines = (evidence: readonly { asked: string; observed: string; expected?: string | undefined }[]): string[] =>
  evidence.map(({ asked, observed, expected }) => `${asked}: ${observed}${expected === undefined ? '' : `; expected ${expected}`}`)
