/** The time line of an incident: what happened, who did it, and what came of it, in order. Pure. */
import type { Entry } from './entry.ts'
import type { Incident } from './state.ts'

export interface Row {
  /** RFC 3339: when it happened, which for a note may be before it was written. */
  at: string
  /** Empty where nobody did it. */
  by: string
  what:
    | 'onset'
    | 'opened'
    | 'note'
    | 'said'
    | 'role'
    | 'severity'
    | 'resolved'
    | 'command'
    | 'change'
    | 'call'
    | 'answer'
    | 'item'
    | 'other'
  text: string
  /** What came of it. */
  result?: string | undefined
  /** Whether that is as one would have it; undefined where it is neither. */
  good?: boolean | undefined
}

/** Every row by time, the onset among them. Items of the time after are left out: the post-mortem lists them. */
export function timeline(incident: Incident): Row[] {
  const onset: Row = { at: incident.onset, by: '', what: 'onset', text: onsetText(incident) }
  const rows = [onset, ...incident.entries.filter(({ type }) => type !== 'item' && type !== 'kept').map(rowOf)]
  // The sort keeps rows of one time in their order; the onset comes before what was written at the same moment.
  return rows.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
}

function onsetText({ alert, from, entries, onset, detectedAt }: Incident): string {
  if (entries.some((entry) => entry.type === 'note' && entry.mark === 'onset')) return 'it begins, as was found out later'
  if (alert !== undefined) return `it begins: alert ${alert.name} fires`
  if (from === 'diagnosis') return onset === detectedAt ? 'a diagnosis sees it' : 'it begins, as the diagnosis dates it'
  return 'it begins'
}

const markWords = {
  onset: 'began',
  acknowledged: 'acknowledged',
  mitigated: 'mitigated',
  recovered: 'recovered',
  'did-not-help': 'did not help',
} as const

function rowOf(entry: Entry): Row {
  const row = (what: Row['what'], text: string, more: Partial<Row> = {}): Row => ({ at: entry.at, by: entry.by, what, text, ...more })
  switch (entry.type) {
    case 'start':
      return row('opened', `incident opened: ${entry.title}`, { result: entry.severity })
    case 'note':
      return row('note', entry.mark === undefined ? entry.text : `${markWords[entry.mark]}: ${entry.text}`, {
        at: entry.when ?? entry.at,
        ...(entry.mark === 'did-not-help'
          ? { good: false }
          : entry.mark === 'mitigated' || entry.mark === 'recovered'
            ? { good: true }
            : {}),
      })
    case 'fact':
      return row('said', `${entry.holds ? '' : 'not '}${entry.fact.replaceAll('_', ' ')}`)
    case 'assign':
      return row('role', `${entry.who} is ${entry.role}`)
    case 'severity':
      return row('severity', `severity is ${entry.severity}${entry.why === undefined ? '' : `: ${entry.why}`}`)
    case 'resolve':
      return row('resolved', `incident resolved${entry.text === undefined ? '' : `: ${entry.text}`}`, { good: true })
    case 'command':
      return commandRow(entry, row)
    case 'call':
      return row('call', `level ${entry.level} called: ${entry.contact}`, { result: entry.said })
    case 'answered':
      return row('answer', `level ${entry.level} answers: ${entry.contact}`, { good: true })
    case 'item':
    case 'kept':
      return row('item', entry.type === 'item' ? entry.text : entry.task)
    default:
      return row('other', `an entry that a newer task-mcp wrote (${(entry as Entry).type})`)
  }
}

/** The command as it was typed, when it was typed, and what it did or found. */
function commandRow(entry: Extract<Entry, { type: 'command' }>, row: (what: Row['what'], text: string, more?: Partial<Row>) => Row): Row {
  const at = new Date(Date.parse(entry.at) - Math.max(0, entry.seconds) * 1000).toISOString()
  const done = (entry.changes ?? []).filter((change) => change.outcome === 'applied' || change.outcome === 'failed')
  // An action looks before it changes something; only a second look is about what it did.
  const verdict = done.length === 0 || (entry.verdicts?.length ?? 0) > 1 ? entry.verdicts?.at(-1) : undefined
  const found = verdict === undefined ? undefined : `${verdict.verdict}: ${verdict.headline}`
  const did = (entry.changes ?? []).map((change) => change.said).join('; ')
  const result = [did, found].filter(Boolean).join('; ') || entry.said || `exit code ${entry.exitCode}`
  return row(done.length > 0 ? 'change' : 'command', entry.line, {
    at,
    result,
    ...(done.length > 0 ? { good: done.every((change) => change.outcome === 'applied') } : entry.exitCode === 1 ? { good: false } : {}),
  })
}
