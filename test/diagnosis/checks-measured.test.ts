/** Checks that read measurements and logs alone: what they find, what they let pass, and what they say when nothing was measured. */
import { expect, test } from 'vitest'
import { checks } from '../../src/diagnosis/checks.ts'
import { makeView } from '../../src/diagnosis/view.ts'
import { type Change, healthy } from '../support/snapshot.ts'
import { budget, logs, measured, metric, serving, withoutPrometheus } from '../support/snapshot-changes.ts'

const ask = (name: string, ...changes: readonly Change[]) => checks[name]!(makeView(healthy(...changes)))
const refused = (sources: number, times: number) =>
  logs(
    0,
    Array.from({ length: times }, (_, i) => `{"status":401,"remote_addr":"192.0.2.${(i % sources) + 1}"}`),
  )
const ages = (mean: number, ...counts: [le: string, n: number][]) => [
  metric('stream_age', [{}, mean]),
  metric('stream_ages', ...counts.map(([le, n]): [Record<string, string>, number] => [{ le }, n])),
  metric('streams_opened', [{}, 40]),
]
const calm = { '5m': [0, 900], '1h': [2, 9000], window: [300, 600_000] } satisfies Record<string, [number, number]>
const burning = { '5m': [90, 900], '30m': [400, 5000], '1h': [600, 9000], window: [590, 600_000] } satisfies Record<
  string,
  [number, number]
>

test.each<[check: string, changes: readonly Change[], status: string, says: RegExp]>([
  [
    'requests-in-flight',
    [measured('in_flight', 60), serving(40)],
    'found',
    /180 requests .* while 1 arrive a second.*each takes about 180 s/,
  ],
  ['requests-in-flight', [measured('in_flight', 1)], 'ok', /3 requests .* while 7.5 arrive/],
  ['garbage-collection', [measured('collection', 0.02), measured('collection', 0.31, 1)], 'found', /31%/],
  ['garbage-collection', [measured('collection', 0.02)], 'ok', /2%/],
  [
    'slow-queries',
    [metric('slow_queries', [{}, 7]), metric('query_time', [{ operation: 'list' }, 1.3])],
    'found',
    /7 slow in 2 min.*list 1.3 s/,
  ],
  ['slow-queries', [logs('all', ['LOG: duration: 5123.4 ms statement: select 1'])], 'found', /3 lines/],
  ['slow-queries', [metric('slow_queries', [{}, 0])], 'ok', /no query was slow/],
  [
    'dependency-latency',
    [metric('dependency_p95', [{ dependency: 'mail' }, 2.1], [{ dependency: 'maps' }, 0.02])],
    'found',
    /mail within 2.1 s/,
  ],
  ['dependency-latency', [metric('dependency_p95', [{ dependency: 'mail' }, 0.03])], 'ok', /30 ms/],
  ['network-latency', [metric('health_p95', [{ check: 'store' }, 0.4])], 'found', /store: a bare question takes 400 ms/],
  ['network-latency', [metric('health_p95', [{ check: 'store' }, 0.004])], 'ok', /4 ms.*through the Service/],
  ['auth-sources', [refused(1, 40)], 'found', /192.0.2.1 refused 40 times, served 0/],
  ['auth-sources', [refused(30, 60)], 'found', /30 sources refused/],
  ['auth-sources', [refused(2, 3)], 'ok', /none often/],
  ['stream-first-message', [metric('stream_first', [{}, 4])], 'found', /within 4 s; plain requests are answered within 50 ms/],
  ['stream-first-message', [metric('stream_first', [{}, 0.03])], 'ok', /30 ms/],
  ['stream-duration', ages(60.1, ['10.5', 0], ['60.5', 40], ['+Inf', 41]), 'found', /98% of them between 10.5 and 60.5 s old/],
  ['stream-duration', ages(70, ['10.5', 12], ['60.5', 25], ['300.5', 40], ['+Inf', 41]), 'ok', /41 streams ended/],
  ['stream-duration', ages(Number.NaN, ['+Inf', 0]), 'found', /40 streams were opened in 15 min and none ended/],
  [
    'stream-throughput',
    [measured('stream_messages', 5), measured('streams', 10)],
    'ok',
    /15 messages a second on 30 streams: 0.5 for each/,
  ],
  ['stream-buffers', [measured('stream_buffered', 40 * 2 ** 20), measured('streams', 4)], 'found', /too slow.*40Mi/],
  ['stream-buffers', [measured('stream_buffered', 2000), measured('streams', 4)], 'ok', /bytes that wait/],
  ['slo-budget', [budget('error-rate', burning)], 'found', /Error rate 1.7%/],
  ['slo-budget', [budget('error-rate', calm)], 'ok', /Error rate 50%/],
  [
    'slo-availability',
    [budget('availability', { '1h': [0, 60], window: [50, 43_200] })],
    'found',
    /0.12% of 43200 minutes were bad, 99.9% promised/,
  ],
  ['slo-availability', [budget('availability', { '1h': [0, 60], window: [10, 43_200] })], 'ok', /0.023%/],
  ['slo-throughput', [budget('throughput', { '1h': [0, 60], window: [10, 9000] })], 'ok', /0.11%/],
  ['slo-burn', [budget('error-rate', burning)], 'found', /Error rate 67 in 1 h, 100 in 5 min/],
  ['slo-burn', [budget('error-rate', calm)], 'ok', /0.22 in 1 h/],
  ['slo-exhaustion', [budget('error-rate', { ...burning, window: [700, 600_000] })], 'found', /used up: Error rate/],
  ['slo-exhaustion', [budget('error-rate', burning)], 'found', /Error rate in /],
  ['slo-exhaustion', [budget('error-rate', calm)], 'ok', /Error rate/],
])('%s %#', (check, changes, status, says) => {
  const answer = ask(check, ...changes)
  expect([answer.status, answer.found]).toEqual([status, expect.stringMatching(says)])
})

test('what was not measured is unknown, not well', () => {
  const blind = [
    'requests-in-flight',
    'garbage-collection',
    'dependency-latency',
    'stream-first-message',
    'stream-duration',
    'stream-buffers',
  ]
  for (const check of blind) {
    expect([check, ask(check).status]).toEqual([check, 'unknown'])
    expect([check, ask(check, withoutPrometheus).status]).toEqual([check, 'unknown'])
  }
  for (const check of ['slo-budget', 'slo-burn', 'slo-availability']) {
    expect(ask(check)).toEqual({ status: 'unknown', found: expect.stringContaining('diagnose slo-violations') })
  }
  expect(ask('auth-sources', logs('all', ['all is well'])).status).toBe('unknown')
})
