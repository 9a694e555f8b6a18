/** The time after an incident: what has to be written by when, in a form that looks for causes and not for somebody to blame. Pure. */
import type { Story } from './story.ts'

/** The three parts, with their sections and the hours after the end that each has. */
export const parts = [
  {
    name: 'Incident review',
    hours: 24,
    sections: ['Time line reconstruction', 'Root cause analysis', 'Impact assessment', 'Action items'],
  },
  {
    name: 'Blameless post-mortem',
    hours: 48,
    sections: ['Technical details', 'Process improvements', 'Prevention measures', 'Documentation updates'],
  },
  {
    name: 'Follow-up',
    hours: 168,
    sections: ['Action item completion', 'Monitoring improvements', 'Training requirements', 'Process updates'],
  },
] as const

/** How an action item stands; `unknown` where the MCP server was not asked, or did not answer. */
export type ItemState = 'open' | 'completed' | 'unknown' | 'not kept'

export interface ActionItemNow {
  id: string
  text: string
  owner: string
  due: string
  task: string | null
  where: string | null
  state: ItemState
  late: boolean
}

export interface Deadline {
  part: string
  /** RFC 3339; null until the incident is over. */
  due: string | null
  late: boolean
}

export interface Postmortem {
  schemaVersion: 1
  story: Story
  deadlines: Deadline[]
  items: ActionItemNow[]
  /** What the record suggests to ask, by section. */
  questions: Record<string, string[]>
}

/** `states` are of the tasks by their ids; one that is missing there is unknown. `now` is epoch milliseconds. */
export function postmortemOf(story: Story, states: ReadonlyMap<string, ItemState>, now: number): Postmortem {
  const end = story.moments.resolved?.at
  const items = story.items.map(({ id, text, owner, due, task }): ActionItemNow => {
    const state = task === undefined ? 'not kept' : (states.get(task.id) ?? 'unknown')
    return {
      id,
      text,
      owner,
      due,
      task: task?.id ?? null,
      where: task?.where ?? null,
      state,
      late: state !== 'completed' && endOf(due) < now,
    }
  })
  return {
    schemaVersion: 1,
    story: blameless(story),
    deadlines: parts.map(({ name, hours }) => {
      const due = end === undefined ? null : new Date(Date.parse(end) + hours * 3_600_000).toISOString()
      return { part: name, due, late: due !== null && Date.parse(due) < now }
    }),
    items,
    questions: questionsOf(story, items),
  }
}

/** When a day ends, or a time is, in epoch milliseconds. */
const endOf = (due: string): number => (due.length === 10 ? Date.parse(`${due}T23:59:59Z`) : Date.parse(due))

/** The same story with roles in place of names: what happened matters, not who it happened to. */
export function blameless(story: Story): Story {
  const word = (name: string) => {
    if (name === '') return ''
    const role = story.people.find((person) => person.name === name)?.roles[0]
    return role === undefined ? 'a responder' : `the ${role}`
  }
  const unnamed = (text: string) =>
    story.people.reduce(
      (said, { name }) =>
        name.length < 2 ? said : said.replaceAll(new RegExp(`(?<![\\w.-])${escapeRegex(name)}(?![\\w-])`, 'g'), word(name)),
      text,
    )
  const moment = <T extends { how: string } | undefined>(one: T): T => (one === undefined ? one : { ...one, how: unnamed(one.how) })
  const { onset, detected, acknowledged, mitigated, recovered, resolved } = story.moments
  return {
    ...story,
    people: story.people.map(({ name, roles }) => ({ name: word(name), roles })),
    moments: {
      onset: moment(onset),
      detected: moment(detected),
      acknowledged: moment(acknowledged),
      mitigated: moment(mitigated),
      recovered: moment(recovered),
      resolved: moment(resolved),
    },
    actions: story.actions.map((action) => ({ ...action, by: word(action.by) })),
    triedInVain: story.triedInVain.map((one) => ({ ...one, by: word(one.by), text: unnamed(one.text) })),
    timeline: story.timeline.map((row) =>
      row.what === 'role'
        ? { ...row, by: word(row.by), text: `${row.text.split(' is ').at(-1)} is named` }
        : { ...row, by: word(row.by), text: unnamed(row.text) },
    ),
  }
}

const escapeRegex = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const minutes = (seconds: number): string => `${Math.max(1, Math.round(seconds / 60))} min`

/** Questions that this incident raises, beside those that every one does. */
function questionsOf(story: Story, items: readonly ActionItemNow[]): Record<string, string[]> {
  const { moments, causes, actions, triedInVain, calls, timeline } = story
  const cause = causes[0]
  const vain = actions.filter(({ help }) => help !== 'helped' && help !== 'not known').length + triedInVain.length
  const alerted = timeline.some((row) => row.what === 'onset' && row.text.includes('alert'))
  const unanswered = calls.filter(({ answeredAfterSeconds }) => answeredAfterSeconds === null).length
  const open = items.filter(({ state }) => state !== 'completed').length
  return {
    'Process improvements': [
      ...(moments.detected && moments.detected.afterSeconds > 300
        ? [`It was noticed ${minutes(moments.detected.afterSeconds)} after it began. What would have shown it earlier?`]
        : []),
      ...(moments.acknowledged && moments.detected && moments.acknowledged.afterSeconds - moments.detected.afterSeconds > 900
        ? [
            `It was taken up ${minutes(moments.acknowledged.afterSeconds - moments.detected.afterSeconds)} after it was noticed. What was in the way?`,
          ]
        : []),
      ...(vain > 0
        ? [
            `${vain} ${vain === 1 ? 'thing was' : 'things were'} tried that did not help. What made ${vain === 1 ? 'it' : 'them'} look right at that time?`,
          ]
        : []),
      ...(unanswered > 0
        ? [`${unanswered} ${unanswered === 1 ? 'call was' : 'calls were'} not answered. Does the schedule reach people?`]
        : []),
    ],
    'Prevention measures':
      cause === undefined
        ? ['No diagnosis named a cause. What would have to be seen to name it?']
        : [`What would have kept "${cause.summary}" from happening, or from reaching users?`],
    'Documentation updates': ['Did the runbook lead to the cause? What did it not say?'],
    'Action item completion': [items.length === 0 ? 'There are no action items yet.' : `${open} of ${items.length} are not done.`],
    'Monitoring improvements': [
      alerted
        ? 'Did the alert say what was wrong, to the right people, soon enough?'
        : 'No alert opened this incident. Which one would have?',
    ],
    'Training requirements': ['Who would want to practise this? task-mcp incident drill --list has faults to practise with.'],
    'Process updates': ['What of the way we work on incidents should change?'],
  }
}
