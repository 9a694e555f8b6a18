import { expect, test } from 'vitest'
import { escapeXml, verdictJunit } from '../../src/output/junit.ts'
import { healthy, inconclusive, oneCause } from './verdicts.ts'

test('a fault fails the verdict and the step that found it', async () => {
  await expect(verdictJunit(oneCause)).toMatchFileSnapshot(new URL('../golden/verdict/one-cause.junit.xml', import.meta.url).pathname)
})

test('a healthy service fails nothing; a step for a person is skipped', () => {
  expect(verdictJunit(healthy)).toContain('tests="6" failures="0" errors="0" skipped="2"')
})

test('what could not be decided is an error, not a pass', () => {
  expect(verdictJunit(inconclusive)).toContain('failures="0" errors="2"')
})

test('text that XML cannot hold does not reach it', () => {
  expect(escapeXml('a<b>&"\'\u0000\u001b[31m\ud800\ufffe\n')).toBe('a&lt;b&gt;&amp;&quot;&apos;[31m&#10;')
  const [cause] = oneCause.causes
  const xml = verdictJunit({ ...oneCause, headline: ']]><script>"', causes: [{ ...cause!, summary: '\u0007<b>' }] })
  expect(xml).toContain('message="]]&gt;&lt;script&gt;&quot;"')
  expect(xml).not.toContain('\u0007')
})

test('several verdicts are several suites, counted together', () => {
  const xml = verdictJunit(oneCause, { ...healthy, runbook: 'memory-issues' })
  expect([...xml.matchAll(/<testsuite name="([^"]+)"/g)].map(([, name]) => name)).toEqual([
    `task-mcp diagnose ${oneCause.runbook}`,
    'task-mcp diagnose memory-issues',
  ])
  const [total, ...each] = [...xml.matchAll(/tests="(\d+)"/g)].map(([, count]) => Number(count))
  expect(total).toBe(each.reduce((sum, count) => sum + count, 0))
})
