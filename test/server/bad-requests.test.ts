/** Who the bad requests are of: exact while there are few, never more than a handful of series, and the worst is among them. */
import { Counter, Registry } from '@prometheus-io/client'
import { expect, test } from 'vitest'
import type { Offer } from '../../src/server/mcp/definition.ts'
import { badReasons, createBadRequests } from '../../src/server/telemetry/bad-requests.ts'
import { modernRequest } from './a-modern-call.ts'
import { aServer } from './a-server.ts'

/** Counted, and what two scrapes more than a minute apart then say. */
function counting() {
  const registry = new Registry()
  const counter = new Counter<'principal' | 'reason'>({
    name: 'bad',
    help: 'b',
    labelNames: ['principal', 'reason'],
    registers: [registry],
  })
  let now = 0
  const bad = createBadRequests(counter, () => now)
  const scrape = async (): Promise<Record<string, number>> => {
    bad.show()
    const { values } = await counter.get()
    return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]))
  }
  return {
    bad,
    scrape,
    wait: (seconds: number) => {
      now += seconds * 1000
    },
    settled: async () => {
      await scrape()
      now += 60_000
      return scrape()
    },
  }
}

const principalsOf = (seen: Record<string, number>) => [...new Set(Object.keys(seen).map((key) => key.split(' ')[0]!))]

test('the first thing that goes wrong for somebody is a rise, not a series that begins with it', async () => {
  const { bad, scrape, wait } = counting()
  expect(await scrape()).toMatchObject({ '_other error': 0, '_unknown full': 0 })
  for (let i = 0; i < 500; i++) bad.count('aaaa0001', 'error')
  expect(await scrape()).toMatchObject({ 'aaaa0001 error': 0, 'aaaa0001 over_200ms': 0 })
  wait(15)
  // Another Prometheus looks, and must see 0 too.
  expect(await scrape()).toMatchObject({ 'aaaa0001 error': 0 })
  wait(60)
  expect(await scrape()).toMatchObject({ 'aaaa0001 error': 500 })
  bad.count('aaaa0001', 'error')
  expect(await scrape()).toMatchObject({ 'aaaa0001 error': 501 })
})

test('a few principals are told apart exactly, and who is not known is said', async () => {
  const { bad, settled } = counting()
  for (let i = 0; i < 30; i++) bad.count(`aaaa000${i % 3}`, 'over_200ms')
  bad.count(undefined, 'error')
  const seen = await settled()
  expect(seen).toMatchObject({
    'aaaa0000 over_200ms': 10,
    'aaaa0001 over_200ms': 10,
    'aaaa0002 over_200ms': 10,
    '_unknown error': 1,
    '_other over_200ms': 0,
  })
})

test('among ten thousand callers, one with a tenth of all failures is named, and what is not named is in _other', async () => {
  const { bad, settled } = counting()
  const everybody = 100_000
  const ever = new Set<string>()
  for (let i = 0; i < everybody; i++) {
    bad.count(i % 10 === 9 ? 'the-worst' : `caller-${(i * 7919) % 10_000}`, 'error')
    if (i % 1000 === 0) for (const principal of principalsOf(await settled())) ever.add(principal)
  }
  const seen = await settled()
  expect(principalsOf(seen).length).toBeLessThanOrEqual(12)
  expect(seen['the-worst error']).toBeGreaterThan(0.99 * (everybody / 10))
  expect(seen['_other error']).toBeGreaterThan(0.8 * everybody)
  // Places change hands rarely: each time for twice as much.
  expect(ever.size).toBeLessThan(30)
})

test('who is no longer worst makes room, and a place is only given for twice as much', async () => {
  const { bad, settled } = counting()
  for (let who = 0; who < 10; who++) for (let i = 0; i < 100; i++) bad.count(`old-${who}`, 'error')
  for (let i = 0; i < 199; i++) bad.count('new', 'error')
  expect(principalsOf(await settled())).not.toContain('new')
  bad.count('new', 'error')
  bad.count('new', 'error')
  const seen = await settled()
  expect(seen['new error']).toBe(2)
  expect(seen['_other error']).toBe(199)
  expect(principalsOf(seen).filter((name) => name.startsWith('old-'))).toHaveLength(9)
})

test('what happened days ago counts for less', async () => {
  const { bad, settled, wait } = counting()
  for (let who = 0; who < 10; who++) for (let i = 0; i < 1000; i++) bad.count(`old-${who}`, 'error')
  for (let days = 0; days < 7; days++) {
    wait(86_401)
    bad.count('old-0', 'error')
  }
  for (let i = 0; i < 20; i++) bad.count('new', 'error')
  expect(principalsOf(await settled())).toContain('new')
})

/** A tool that is a bug, beside the task list. */
const broken: Offer = {
  tools: [
    {
      name: 'break',
      description: 'Fails.',
      inputSchema: { type: 'object' },
      scope: 'tasks:read',
      call: async () => {
        throw new Error('a bug')
      },
    } as never,
  ],
  resources: [],
  prompts: [],
}

test('a server counts its failures by the hash of its log, and no name is in its metrics', async () => {
  const server = await aServer({ tokens: 'nightly-import=token-of-the-import,shop=token-of-the-shop' }, broken)
  const request = modernRequest('tools/call', { name: 'break', arguments: {} })
  const { status } = await fetch(server.url, {
    ...request,
    headers: { ...request.headers, authorization: 'Bearer token-of-the-import' },
  })
  expect(status).toBe(500)
  const logged = () => server.lines.find((line) => line.msg === 'request' && line.status === 500)
  await expect.poll(logged).toBeDefined()
  await fetch(`${server.adminUrl}/metrics`)
  const text = await (await fetch(`${server.adminUrl}/metrics`)).text()
  for (const reason of badReasons)
    expect(text).toContain(`principal_bad_requests_total{principal="${logged()!.principal}",reason="${reason}"} 0`)
  expect(text).not.toMatch(/nightly-import|token-of/)
})
