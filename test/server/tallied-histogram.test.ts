import { Histogram, Registry } from '@prometheus-io/client'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TalliedHistogram } from '../../src/server/telemetry/tallied-histogram.ts'

const configuration = { name: 'answer_seconds', help: 'Time to answer', buckets: [0.005, 0.1, 1], labelNames: ['route', 'kind'] }
const observation = fc.record({
  route: fc.constantFrom('/mcp', '/metrics'),
  kind: fc.constantFrom('2xx', '5xx'),
  seconds: fc.oneof(fc.constantFrom(0, 0.005, 0.1, 1, 1.5), fc.double({ min: 0, max: 3, noNaN: true })),
})

test('a scrape sees what the library would have counted itself', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(observation), async (observations) => {
      const [counted, tallied] = [new Registry(), new Registry()]
      const plain = new Histogram({ ...configuration, registers: [counted] })
      const ours = new TalliedHistogram({ ...configuration, registers: [tallied] })
      for (const histogram of [plain, ours]) histogram.zero({ route: '/mcp', kind: '2xx' })
      for (const [index, { route, kind, seconds }] of observations.entries()) {
        plain.observe({ route, kind }, seconds)
        // Some come by the library's own way, as those of a recorded trace do.
        if (index % 3 === 2) ours.observe({ route, kind }, seconds)
        else ours.tallied(route, kind).observe(seconds)
      }
      expect(roundedSums(await tallied.metrics())).toBe(roundedSums(await counted.metrics()))
      expect(await tallied.metrics()).toBe(await tallied.metrics())
    }),
  )
})

/** Sums differ in their last digits by the order in which they were added. */
const roundedSums = (text: string): string => text.replace(/(_sum\S* )(\S+)/g, (_, name, sum) => `${name}${Number(sum).toFixed(9)}`)
