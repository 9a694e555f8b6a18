import { expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { parseRunbook } from '../../src/runbook/load.ts'
import { aText, shipped } from './books.ts'

const load = (text: string) => parseRunbook(text, 'ours/short.md')
const complaint = (text: string): string => {
  try {
    load(text)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return 'no complaint'
}

test('a heading with a typed fence is a step; prose and by-hand lines stay with it', () => {
  const book = load(
    aText(
      ['thresholds: { errorRatio: 0.05 }', 'alerts: [ShopDown]'],
      ['covers: [.immediate.1]'],
      'Count them.\n\n```sh\nkubectl get pods\n```\n\n```promql\nup\n```\n',
    ),
  )
  expect(book).toMatchObject({
    name: 'short',
    title: 'A short one',
    intro: 'Intro.',
    alerts: ['ShopDown'],
    thresholds: { errorRatio: 0.05 },
  })
  expect(book.steps).toHaveLength(1)
  expect(book.steps[0]).toMatchObject({
    id: 'pods',
    title: 'Count the pods',
    phase: 'immediate',
    kind: 'check',
    check: 'pods-ready',
    covers: ['.immediate.1'],
    line: 12,
  })
  expect(book.steps[0]?.prose).toContain('Count them.')
  expect(book.steps[0]?.prose).not.toContain('yaml step')
  expect(book.steps[0]?.fences).toEqual([
    { language: 'sh', text: 'kubectl get pods', line: 25 },
    { language: 'promql', text: 'up', line: 29 },
  ])
})

test('a heading within a fence is no heading', () => {
  expect(load(aText([], [], '```sh\n# not a heading\nls\n```\n')).steps[0]?.fences[0]?.text).toBe('# not a heading\nls')
})

test('levels of escalation carry their times in seconds', () => {
  const book = load(
    aText([
      'levels: [{ level: 1, role: On call, respondWithin: 15m, contacts: [kim], does: [look], handsOverWhen: [{ fact: service_down, after: 1h, says: it is down }, { fact: breach, says: a breach }] }]',
    ]),
  )
  expect(book.levels).toEqual([
    {
      level: 1,
      role: 'On call',
      respondWithinSeconds: 900,
      contacts: ['kim'],
      does: ['look'],
      handsOverTo: [],
      handsOverWhen: [
        { fact: 'service_down', afterSeconds: 3600, says: 'it is down' },
        { fact: 'breach', afterSeconds: 0, says: 'a breach' },
      ],
    },
  ])
})

test.each([
  ['no front matter', '# A book', 'ours/short.md:1: a runbook starts with front matter'],
  ['a name that is not the file', aText(['name: other']), 'ours/short.md:2: the runbook is called "other" but its file "short"'],
  ['an unknown key', aText(['sumary: typo']), 'ours/short.md:5: unknown key "sumary"'],
  ['broken YAML', aText(['title: "open']), 'ours/short.md:'],
  ['no title', aText(['title: # nothing']), '"title" must be a text'],
  [
    'a threshold that is no number',
    aText(['thresholds: { errorRatio: much }']),
    'ours/short.md:5: "errorRatio" is "much"; it must be a number',
  ],
  ['an unknown threshold', aText(['thresholds: { errors: 1 }']), 'unknown key "errors"'],
  [
    'an unknown phase',
    aText([], ['phase: later']),
    'ours/short.md:14: "phase" is "later"; it must be one of immediate, troubleshooting, recovery',
  ],
  ['an unknown kind', aText([], ['kind: guess']), '"kind" is "guess"'],
  ['a check without a check', aText([], ['check: # none']), '"check" must be a text'],
  ['a check with an action', aText([], ['action: restart']), 'a step of kind check has no "action"'],
  [
    'a time without a unit',
    aText(['levels: [{ level: 1, role: r, respondWithin: "15", contacts: [], does: [] }]']),
    '"respondWithin" must be a time such as 90s',
  ],
  ['two typed fences under a heading', aText([], [], '```yaml step\nid: b\n```\n'), 'a second "yaml step" fence under one heading'],
  ['a fence that is never closed', aText([], [], '```sh\nls\n'), 'ours/short.md:19: this fence is never closed'],
  [
    'two steps with one id',
    aText([], [], '### Again\n\n```yaml step\nid: pods\nphase: recovery\nkind: manual\nlook: at it\n```\n'),
    'the step id "pods" is taken by line 10',
  ],
  ['no step', '---\nname: short\ntitle: t\nsummary: s\n---\n# Title\n', 'no step'],
])('%s is an error with file and line', (_what, text, says) => {
  expect(complaint(text)).toContain(says)
})

test('the shipped runbooks load, and each has steps in its phases', () => {
  const books = shipped()
  expect(books.map((book) => book.name)).toEqual([
    'cpu-issues',
    'escalation',
    'high-error-rate',
    'memory-issues',
    'performance-degradation',
    'security-incidents',
    'service-downtime',
    'slo-violations',
    'streaming-issues',
    'useful-commands',
  ])
  for (const book of books) expect(new Set(book.steps.map((step) => step.phase)).size, book.name).toBe(3)
})
