import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allowed, type Flow, type Party } from '../../src/diagnosis/network-rules.ts'
import { quantity } from '../../src/diagnosis/quantity.ts'
import { mapSelects, selects } from '../../src/diagnosis/selectors.ts'
import { templateDiff } from '../../src/diagnosis/template-diff.ts'
import { increase } from '../../src/diagnosis/traffic.ts'
import { trend } from '../../src/diagnosis/usage.ts'
import type { NetworkPolicy } from '../../src/facts/kubernetes/network.ts'
import type { LabelSelector } from '../../src/facts/kubernetes/object.ts'
import type { PodTemplate } from '../../src/facts/kubernetes/pod.ts'

const timed = (values: readonly number[]): [number, number][] => values.map((v, i) => [i * 5, v])

test('a counter grows by what was added to it, however often it began again from zero', () => {
  const run = fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 5 }), (runs) => {
      const values: number[] = []
      let grown = 0
      for (const [r, steps] of runs.entries()) {
        let at = 0
        for (const [i, step] of steps.entries()) {
          at += step
          // A restart is seen as such only when the counter is lower than it was.
          if (i === 0 && r > 0 && at >= values.at(-1)!) at = Math.max(0, values.at(-1)! - 1)
          if (i === 0 && r > 0 && values.at(-1) === 0) at = 0
          const before = values.at(-1)
          if (before !== undefined) grown += i === 0 ? (before === 0 ? 0 : at) : at - before
          values.push(at)
        }
      }
      expect(increase(timed(values))).toBe(grown)
    }),
  )
})

test('a counter never shrinks, and a gap in it adds nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(1e6), fc.constant(Number.NaN))), (values) => {
      expect(increase(timed(values))).toBeGreaterThanOrEqual(0)
    }),
  )
  expect(increase(timed([5, Number.NaN, 9]))).toBe(0)
  expect([increase([]), increase(timed([7]))]).toEqual([0, 0])
})

test('a straight line is found as it was drawn', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1000, max: 1000 }),
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 5, max: 60 }),
      (slope, start, n) => {
        const line = trend(timed(Array.from({ length: n }, (_, i) => start + slope * i * 5)))!
        expect(line.perSecond).toBeCloseTo(slope, 6)
        expect(line.fit).toBeCloseTo(1, 6)
        expect(line.seconds).toBe((n - 1) * 5)
      },
    ),
  )
  expect(trend(timed([1, 2, 3, 4]))).toBeUndefined()
  expect(trend(Array.from({ length: 6 }, (): [number, number] => [1, 2]))).toBeUndefined()
})

test.each([
  ['250m', 0.25],
  ['64Mi', 64 * 2 ** 20],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['1e3', 1000],
  ['12E', 12e18],
  ['100k', 1e5],
  ['5n', 5e-9],
  ['-1', -1],
  ['0', 0],
])('the quantity %s is %d', (text, value) => {
  expect(quantity(text)).toBeCloseTo(value, 12)
})

test.each([[undefined], [''], ['much'], ['1.2.3'], ['5 apples'], ['mi'], ['i'], ['3i']])('%s is no quantity', (text) => {
  const value = quantity(text)
  expect(value === undefined || Number.isNaN(value)).toBe(true)
})

const word = fc.constantFrom('a', 'b', 'c')
const labels = fc.dictionary(word, word, { maxKeys: 3 })
const selector: fc.Arbitrary<LabelSelector> = fc.record(
  {
    matchLabels: labels,
    matchExpressions: fc.array(
      fc.oneof(
        fc.record({ key: word, operator: fc.constantFrom('In', 'NotIn'), values: fc.array(word, { minLength: 1, maxLength: 2 }) }),
        fc.record({ key: word, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
      ),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
)

test('a map selects what the same LabelSelector selects, save that an empty one selects nothing', () => {
  fc.assert(
    fc.property(labels, labels, (map, has) => {
      expect(mapSelects(map, has)).toBe(Object.keys(map).length > 0 && selects({ matchLabels: map }, has))
    }),
  )
  expect([selects({}, {}), selects(undefined, {}), mapSelects({}, { a: 'a' })]).toEqual([true, false, false])
})

test('an operator and its opposite never agree', () => {
  fc.assert(
    fc.property(word, fc.array(word, { minLength: 1 }), labels, (key, values, has) => {
      const one = (operator: string) => selects({ matchExpressions: [{ key, operator, values }] }, has)
      expect(one('In')).toBe(!one('NotIn'))
      expect(one('Exists')).toBe(!one('DoesNotExist'))
    }),
  )
})

const port = fc.record({ port: fc.integer({ min: 1, max: 4 }), protocol: fc.constantFrom('TCP', 'UDP') }, { requiredKeys: [] })
const peer = fc
  .record({ podSelector: selector, namespaceSelector: selector }, { requiredKeys: [] })
  .filter((p) => Object.keys(p).length > 0)
const rule = (side: 'from' | 'to') =>
  fc.record({ [side]: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) }, { requiredKeys: [] })
const policy: fc.Arbitrary<NetworkPolicy> = fc.record({
  metadata: fc.record({ name: word, namespace: fc.constantFrom('n', 'm') }),
  spec: fc.record(
    {
      podSelector: selector,
      policyTypes: fc.subarray(['Ingress', 'Egress'], { minLength: 1 }),
      ingress: fc.array(rule('from'), { maxLength: 2 }),
      egress: fc.array(rule('to'), { maxLength: 2 }),
    },
    { requiredKeys: ['podSelector'] },
  ),
}) as never
const party: fc.Arbitrary<Party> = fc.record({
  namespace: fc.constantFrom('n', 'm'),
  labels,
  namespaceLabels: labels,
  address: fc.constant(undefined),
})
const flow: fc.Arbitrary<Flow> = fc.record({ port: fc.integer({ min: 1, max: 4 }), protocol: fc.constantFrom('TCP', 'UDP') })

/** The rules of the API in another form: every pair of a peer and a port that is let through, written out, then looked up. */
function naive(
  policies: readonly NetworkPolicy[],
  pod: Party,
  direction: 'ingress' | 'egress',
  other: Party,
  { port: number, protocol }: Flow,
): boolean {
  let isolated = false
  for (const { metadata, spec } of policies) {
    if (metadata.namespace !== pod.namespace || !selects(spec.podSelector, pod.labels)) continue
    const types = spec.policyTypes ?? (spec.egress ? ['Ingress', 'Egress'] : ['Ingress'])
    if (!types.some((t) => t.toLowerCase() === direction)) continue
    isolated = true
    const rules = (direction === 'ingress' ? spec.ingress : spec.egress) as
      | { from?: object[]; to?: object[]; ports?: { port?: number; protocol?: string }[] }[]
      | undefined
    for (const r of rules ?? []) {
      const sides = (r.from ?? r.to) as { podSelector?: LabelSelector; namespaceSelector?: LabelSelector }[] | undefined
      let who = !sides || sides.length === 0
      for (const s of sides ?? []) {
        const pods = s.podSelector === undefined || selects(s.podSelector, other.labels)
        const space =
          s.namespaceSelector === undefined ? other.namespace === metadata.namespace : selects(s.namespaceSelector, other.namespaceLabels)
        if (pods && space) who = true
      }
      let where = !r.ports || r.ports.length === 0
      for (const p of r.ports ?? []) if ((p.protocol ?? 'TCP') === protocol && (p.port === undefined || p.port === number)) where = true
      if (who && where) return true
    }
  }
  return !isolated
}

test('policies let through what a second reading of the API lets through', () => {
  fc.assert(
    fc.property(
      fc.array(policy, { maxLength: 3 }),
      party,
      party,
      flow,
      fc.constantFrom('ingress' as const, 'egress' as const),
      (policies, pod, other, asked, direction) => {
        expect(allowed(policies, pod, direction, other, asked).allowed).toBe(naive(policies, pod, direction, other, asked))
      },
    ),
    { numRuns: 400 },
  )
})

const template: fc.Arbitrary<PodTemplate> = fc.record({
  metadata: fc.record({ labels, annotations: labels }),
  spec: fc.record(
    {
      containers: fc.uniqueArray(
        fc.record(
          {
            name: word,
            image: word,
            command: fc.array(word),
            env: fc.uniqueArray(fc.record({ name: word, value: word }), { selector: (e) => e.name }),
            resources: fc.record({ limits: fc.record({ cpu: word, memory: word }, { requiredKeys: [] }) }),
            readinessProbe: fc.record({ httpGet: fc.record({ path: word, port: fc.nat(3) }) }),
          },
          { requiredKeys: ['name'] },
        ),
        { selector: (c) => c.name, minLength: 1 },
      ),
      nodeSelector: labels,
      serviceAccountName: word,
    },
    { requiredKeys: ['containers'] },
  ),
}) as never

test('a template does not differ from itself, and two differ in the same fields either way round', () => {
  const fields = (a: PodTemplate, b: PodTemplate) =>
    templateDiff(a, b)
      .map((c) => `${c.field} ${c.container} ${c.name} ${[c.from, c.to].sort()}`)
      .sort()
  fc.assert(
    fc.property(template, template, (a, b) => {
      expect(templateDiff(a, structuredClone(a))).toEqual([])
      expect(fields(a, b)).toEqual(fields(b, a))
    }),
  )
})
