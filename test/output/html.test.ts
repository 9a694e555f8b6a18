import { expect, test } from 'vitest'
import { type Page, verdictHtml } from '../../src/output/html.ts'
import { lineChart, topOf } from '../../src/output/svg.ts'
import { healthy, oneCause, severalCauses, verdicts } from './verdicts.ts'

const end = Date.parse(oneCause.window.end) / 1000
const history = (value: (ago: number) => number) =>
  Array.from({ length: 240 }, (_, index): [number, number] => [end - 3600 + index * 15, value(3600 - index * 15)])

const page: Page = {
  verdict: severalCauses,
  charts: [
    { title: 'Failed requests', unit: 'ratio', threshold: 0.01, points: history((ago) => (ago < 840 ? 0.158 : 0.0002)) },
    {
      title: 'Latency, 95th percentile',
      unit: 'seconds',
      threshold: 0.2,
      points: history((ago) => 0.05 + (ago < 840 ? 0.03 : 0)).filter(([at]) => at < end - 1800 || at > end - 1500),
    },
  ],
  changes: [{ at: '2026-03-14T03:12:31Z', text: 'Deployment checkout image shop/checkout:7 -> shop/checkout:8, by deploy-bot' }],
}

test('one page that needs nothing else', async () => {
  const html = verdictHtml(page)
  await expect(html).toMatchFileSnapshot(new URL('../golden/verdict/several-causes.html', import.meta.url).pathname)
  expect(html).not.toMatch(/<script|https?:\/\/|@import|url\(/)
})

test.each(Object.entries(verdicts))('%s: every tag that opens closes', (_name, verdict) => {
  const open: string[] = []
  for (const [, close, tag, self] of verdictHtml({ verdict, charts: page.charts, changes: page.changes }).matchAll(
    /<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g,
  )) {
    if (self === '/' || ['meta', 'br'].includes(tag!)) continue
    if (close === '/') expect(open.pop()).toBe(tag)
    else open.push(tag!)
  }
  expect(open).toEqual([])
})

test('nothing from the cluster becomes markup', () => {
  const nasty = '<img src=x onerror=alert(1)>"\'&'
  const [cause] = oneCause.causes
  const html = verdictHtml({
    ...page,
    charts: [{ ...page.charts[0]!, title: nasty }],
    changes: [{ at: page.changes[0]!.at, text: nasty }],
    verdict: {
      ...oneCause,
      headline: nasty,
      runbook: nasty,
      wouldDecide: [nasty],
      target: { ...oneCause.target, workload: nasty, context: nasty },
      notSeen: [{ what: nasty, reason: nasty, couldChange: nasty, next: nasty }],
      steps: [{ ...oneCause.steps[0]!, title: nasty, found: nasty }],
      causes: [
        {
          ...cause!,
          summary: nasty,
          owner: nasty,
          subject: { kind: nasty, namespace: nasty, name: nasty, container: nasty },
          evidence: [{ source: 'logs', asked: nasty, observed: nasty, expected: nasty }],
          effects: [{ what: nasty, subject: { kind: nasty, name: nasty } }],
          remedies: [{ action: 'rollback', why: nasty, command: `${nasty}\n${nasty}` }],
          never: [{ action: 'restart', why: nasty }],
          rivals: [{ code: 'bad_release', status: 'open', fact: nasty }],
        },
      ],
    },
  })
  expect(html).not.toContain('<img')
  expect(html).not.toMatch(/aria-label="[^"]*"[^ >]/)
})

test('a gap in the figures is a gap in the line', () => {
  const chart = page.charts[1]!
  expect([...lineChart(chart, { start: end - 3600, end }, [], '').matchAll(/class="line"/g)]).toHaveLength(2)
  expect([
    ...lineChart({ ...chart, points: chart.points.map(([at]) => [at, Number.NaN]) }, { start: end - 3600, end }, [], '').matchAll(
      /class="line"/g,
    ),
  ]).toHaveLength(0)
})

test('no figure makes a path that is none', () => {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 1e300]
  for (const value of odd) {
    const chart = {
      ...page.charts[0]!,
      points: [
        [end - 10, value],
        [end, 0],
      ] as [number, number][],
    }
    expect(lineChart(chart, { start: end - 60, end }, [{ at: end - 5, kind: 'onset' }], '')).not.toMatch(/NaN|Infinity/)
    expect(topOf(chart)).toBeGreaterThan(0)
  }
  expect(lineChart({ ...page.charts[0]!, points: [[end, 1]] }, { start: end, end }, [], '')).not.toMatch(/NaN/)
})

test('without history and changes there is no empty chart', () => {
  expect(verdictHtml({ verdict: healthy, charts: [], changes: [] })).not.toMatch(/<svg|Over time/)
})

test('several runbooks in one page: the steps of each, and every cause once', () => {
  const [cause] = oneCause.causes
  const other = { ...oneCause, runbook: 'memory-issues', causes: [...severalCauses.causes, { ...cause!, code: 'disk_full' as const }] }
  const html = verdictHtml(page, [other])
  expect([...html.matchAll(/<h2>Runbook ([\w-]+)/g)].map(([, name]) => name)).toEqual([severalCauses.runbook, 'memory-issues'])
  expect([...html.matchAll(/Found by memory-issues: <code>(\w+)/g)].map(([, code]) => code)).toEqual(['disk_full'])
  expect(html).toContain('task-mcp diagnose --all')
})

test('restarts are told from changes, on the line and in words', () => {
  const restart = {
    at: '2026-03-14T03:13:00Z',
    text: 'pod checkout-1 container web: OOMKilled (exit 137), started again once',
    restart: true as const,
  }
  const html = verdictHtml({ ...page, changes: [...page.changes, restart] })
  expect(html).toMatch(/<path class="restart"/)
  expect(html).toMatch(/<b class="open">restart<\/b> pod checkout-1/)
  expect(html).toContain('a container was started again')
})

test('changes have their line where nothing was measured', () => {
  expect(verdictHtml({ ...page, charts: [] })).toMatch(/<svg class="strip"/)
})

test('effects that are the same are said once, with those they befell', () => {
  const [cause] = oneCause.causes
  const effects = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ what: 'evicted', subject: { kind: 'Pod', name } }))
  const html = verdictHtml({ ...page, verdict: { ...oneCause, causes: [{ ...cause!, effects }] } })
  expect([...html.matchAll(/<li>evicted/g)]).toHaveLength(1)
  expect(html).toContain('and 2 more')
})
