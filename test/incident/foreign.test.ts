/** Entries that others wrote, well or badly: whatever is in a record, it is shown or named as damage, and nothing breaks. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Entry, entryOf, newEntry, type Told, type VerdictDigest } from '../../src/incident/entry.ts'
import { escalation } from '../../src/incident/escalation.ts'
import { postmortemOf } from '../../src/incident/postmortem.ts'
import { incidentOf, situationOf } from '../../src/incident/state.ts'
import { type Measured, storyOf } from '../../src/incident/story.ts'
import { renderIncident, renderTimeline } from '../../src/output/incident.ts'
import { reportHtml } from '../../src/output/incident-html.ts'
import { reportMarkdown } from '../../src/output/incident-markdown.ts'
import { itemsCsv, postmortemMarkdown } from '../../src/output/incident-postmortem.ts'
import { renderReport } from '../../src/output/incident-report.ts'
import { plain } from '../../src/output/style.ts'

const at = '2026-11-23T03:12:00.000Z'
const digest: VerdictDigest = {
  at,
  runbook: 'service-downtime',
  verdict: 'faulty',
  headline: 'down',
  down: true,
  caused: true,
  burning: false,
  security: false,
  causes: [
    {
      code: 'bad_release',
      subject: { kind: 'Deployment', namespace: 'shop', name: 'tasks' },
      since: at,
      confidence: 0.9,
      summary: 'revision 2 fails',
      evidence: [{ source: 'kubernetes', asked: 'pods', observed: '0 ready', expected: '3' }],
    },
  ],
}
const told: Told[] = [
  {
    type: 'start',
    title: 'down',
    severity: 'sev1',
    onset: at,
    detectedAt: at,
    from: 'alert',
    alert: { name: 'Down', fingerprint: 'f', labels: { a: 'b' } },
    verdict: digest,
    service: { namespace: 'shop', kind: 'Deployment', workload: 'tasks' },
  },
  { type: 'note', text: 'seen', mark: 'mitigated', when: at },
  { type: 'fact', fact: 'security_incident', holds: true },
  { type: 'assign', who: 'kim', role: 'lead' },
  { type: 'severity', severity: 'sev2', why: 'less' },
  {
    type: 'command',
    line: 'task-mcp fix',
    exitCode: 0,
    seconds: 3,
    said: 'done',
    verdicts: [digest, { ...digest, verdict: 'healthy', causes: [] }],
    changes: [{ id: 'c1', summary: 'roll back', outcome: 'applied', said: 'done', verified: true, undo: 'task-mcp undo c1' }],
  },
  { type: 'call', level: 1, contact: 'primary', said: 'sent' },
  { type: 'answered', level: 1, contact: 'primary' },
  { type: 'item', text: 'alert', owner: 'kim', due: '2026-12-01' },
  { type: 'kept', item: 'x', task: 'task_1', where: 'http://x' },
  { type: 'resolve', text: 'over' },
]
const good = told.map((one, nth) => newEntry(one, { incident: 'inc-1', now: Date.parse(at) + nth * 1000, by: 'kim', nth }))
const impact: Measured = { start: at, end: at, requests: null, sessions: null, budgets: [], charts: [], source: null, notSeen: [] }
const look = { columns: 80, style: plain, verbose: true }

/** Everything that a person or a program may be shown of these entries. */
function shown(entries: readonly Entry[]): string[] {
  const incident = incidentOf(entries)
  if (incident === undefined) return []
  const now = Date.parse(at) + 3_600_000
  escalation([], situationOf(incident, now))
  const story = storyOf(incident, impact, 0)
  const postmortem = postmortemOf(story, new Map(), now)
  return [
    reportHtml(story, 'Europe/Vienna'),
    reportMarkdown(story, 'UTC'),
    renderReport(story, look, 'UTC'),
    postmortemMarkdown(postmortem, 'UTC'),
    itemsCsv(postmortem),
    renderIncident(incident, now, look, 'UTC'),
    renderTimeline(incident, now, look, 'UTC'),
  ]
}

/** All places in a value, as lists of keys. */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, one]) => places(one, [...path, key]))].filter((one) => one.length > 0)
}

function changed(value: unknown, [key, ...rest]: string[], to: unknown): unknown {
  if (key === undefined) return to
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>
  copy[key] = changed(copy[key], rest, to)
  return copy
}

test('whole entries are taken as they are', () => {
  expect(good.map((entry) => entryOf(JSON.parse(JSON.stringify(entry))))).toEqual(good)
  for (const text of shown(good).slice(0, 4)) expect(text).toContain('revision 2 fails')
})

test('whatever stands in one place of one entry, it is refused or shown, and breaks nothing', () => {
  const spots = good.flatMap((entry, index) => places(entry).map((path) => ({ index, path })))
  fc.assert(
    fc.property(fc.constantFrom(...spots), fc.jsonValue({ maxDepth: 2 }), ({ index, path }, to) => {
      const entries = good.flatMap((entry, nth) => entryOf(nth === index ? changed(entry, path, to) : entry) ?? [])
      shown(entries.filter((entry) => entry.incident === 'inc-1'))
    }),
    { numRuns: 600 },
  )
})

test('no text of an entry is markup on the page, or moves the cursor of a terminal', () => {
  const evil = '<img src=x onerror=alert(1)>\u001b[2J'
  const spots = good.flatMap((entry, index) => places(entry).map((path) => ({ index, path })))
  for (const { index, path } of spots) {
    const entries = good.flatMap((entry, nth) => entryOf(nth === index ? changed(entry, path, evil) : entry) ?? [])
    const [page = '', ...others] = shown(entries.filter((entry) => entry.incident === 'inc-1'))
    expect([path, page.includes('<img')]).toEqual([path, false])
    expect([path, [page, ...others].join('').includes('\u001b')]).toEqual([path, false])
  }
})
