import { getHeapSnapshot } from 'node:v8'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { retentionOf, unreached } from '../../src/profile/dominators.ts'
import { type HeapGraph, HeapReader } from '../../src/profile/heap-reader.ts'
import { summarizeHeap } from '../../src/profile/heap-summary.ts'

interface Thing {
  type: string
  name: string
  size: number
  to: [type: string, name: string | number, thing: number][]
}

const nodeTypes = ['hidden', 'array', 'string', 'object', 'code', 'closure', 'number', 'native', 'synthetic']
const edgeTypes = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak']

/** A snapshot as V8 writes it. */
function snapshotOf(things: readonly Thing[]): string {
  const strings: string[] = ['<dummy>']
  const text = (value: string): number => {
    if (!strings.includes(value)) strings.push(value)
    return strings.indexOf(value)
  }
  const nodes = things.flatMap(({ type, name, size, to }, at) => [nodeTypes.indexOf(type), text(name), at * 2 + 1, size, to.length, 0, 0])
  const edges = things.flatMap(({ to }) =>
    to.flatMap(([type, name, thing]) => [edgeTypes.indexOf(type), typeof name === 'number' ? name : text(name), thing * 7]),
  )
  const meta = {
    node_fields: ['type', 'name', 'id', 'self_size', 'edge_count', 'trace_node_id', 'detachedness'],
    node_types: [nodeTypes, 'string', 'number', 'number', 'number', 'number', 'number'],
    edge_fields: ['type', 'name_or_index', 'to_node'],
    edge_types: [edgeTypes, 'string_or_number', 'node'],
  }
  const head = { meta, node_count: things.length, edge_count: edges.length / 3, trace_function_count: 0 }
  return `{"snapshot":${JSON.stringify(head)},\n"nodes":[${nodes.join(',\n')}],\n"edges":[${edges.join(',\n')}],\n"trace_function_infos":[],\n"trace_tree":[],"samples":[],"locations":[[1,2]],\n"strings":${JSON.stringify(strings)}}\n`
}

function read(text: string, size = text.length): HeapGraph {
  const bytes = Buffer.from(text)
  const reader = new HeapReader('shop.heapsnapshot')
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
  return reader.finish()
}

const leak: Thing[] = [
  {
    type: 'synthetic',
    name: '',
    size: 0,
    to: [
      ['shortcut', 'global', 1],
      ['element', 1, 2],
    ],
  },
  { type: 'object', name: 'global / file:///app', size: 10, to: [['property', 'cache', 3]] },
  { type: 'synthetic', name: '(GC roots)', size: 0, to: [['element', 0, 6]] },
  {
    type: 'object',
    name: 'SessionCache',
    size: 20,
    to: [
      ['property', 'sessions', 4],
      ['weak', 'last', 6],
    ],
  },
  {
    type: 'array',
    name: '',
    size: 100,
    to: [
      ['element', 0, 5],
      ['element', 1, 7],
    ],
  },
  { type: 'object', name: 'Session', size: 1000, to: [['property', 'text', 8]] },
  { type: 'closure', name: 'tick', size: 30, to: [['context', 'cart', 7]] },
  { type: 'object', name: 'Session', size: 2000, to: [] },
  { type: 'string', name: 'what a user wrote, with a "secret"', size: 500, to: [] },
]

test('what keeps memory alive, and on which way it is reached', () => {
  const { retainers, kinds, bytes, flame } = summarizeHeap(read(snapshotOf(leak)))
  expect(bytes).toBe(3660)
  // The second session is held by a closure too: it would stay.
  expect(retainers.find(({ name }) => name === 'SessionCache')).toMatchObject({ retained: 1620, way: 'global.cache' })
  expect(retainers.find(({ name }) => name === 'SessionCache')?.holds).toEqual([{ name: 'Session', count: 1, bytes: 1500 }])
  expect(retainers.map(({ name }) => name)).toContain('Session')
  expect(kinds.find(({ name }) => name === 'Session')).toEqual({ name: 'Session', count: 2, self: 3000, retained: 3500 })
  expect(flame.value).toBe(3660)
})

test('no text of a string is ever shown', () => {
  expect(JSON.stringify(summarizeHeap(read(snapshotOf(leak))))).not.toMatch(/user wrote|secret/)
})

test('the pieces in which it arrives make no difference', () => {
  const text = snapshotOf(leak)
  const whole = summarizeHeap(read(text))
  for (const size of [1, 2, 3, 7, 64, 1000]) expect(summarizeHeap(read(text, size))).toEqual(whole)
})

describe('what is no whole snapshot', () => {
  test('cut off anywhere', () => {
    const text = snapshotOf(leak)
    for (let length = 0; length < text.lastIndexOf('}'); length += 3) expect(() => read(text.slice(0, length))).toThrow(UsageError)
  })

  test.each([
    ['something else', 'hello'],
    ['another JSON', '{"a":1}'],
    ['a reference that leads nowhere', snapshotOf(leak).replace(/"edges":\[[^\]]*\]/, (edges) => edges.replace(/,\n\d+\]$/, ',\n7000]'))],
    ['more objects than it says', snapshotOf(leak).replace('"node_count":9', '"node_count":8')],
    ['fewer objects than it says', snapshotOf(leak).replace('"node_count":9', '"node_count":10')],
    ['a description that asks for too much', snapshotOf(leak).replace('"node_count":9', '"node_count":999999999')],
    ['a negative count', snapshotOf(leak).replace('"node_count":9', '"node_count":-9')],
  ])('%s', (_what, text) => {
    expect(() => read(text)).toThrow(UsageError)
  })
})

describe('dominators', () => {
  /** By the definition: what cannot be reached from the root without it. */
  function byDefinition(graph: HeapGraph): number[][] {
    const reach = (without: number): Set<number> => {
      const seen = new Set<number>(without === 0 ? [] : [0])
      for (const node of seen)
        for (let edge = graph.firstEdge[node]!; edge < graph.firstEdge[node + 1]!; edge++)
          if (graph.edgeTo[edge] !== without) seen.add(graph.edgeTo[edge]!)
      return seen
    }
    const all = reach(-1)
    return Array.from({ length: graph.nodes }, (_, node) => {
      const rest = reach(node)
      return [...all].filter((other) => !rest.has(other))
    })
  }

  test('agree with the definition on any graph', () => {
    const graphs = fc
      .integer({ min: 1, max: 14 })
      .chain((count) => fc.tuple(fc.constant(count), fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 40 })))
    fc.assert(
      fc.property(graphs, ([count, pairs]) => {
        const things = Array.from(
          { length: count },
          (_, at): Thing => ({
            type: 'object',
            name: 'T',
            size: 2 ** at,
            to: pairs.flatMap(([from, to]): Thing['to'] => (from === at ? [['property', 'p', to]] : [])),
          }),
        )
        const graph = read(snapshotOf(things))
        const { retained, dominator } = retentionOf(graph)
        for (const [node, kept] of byDefinition(graph).entries()) {
          if (node !== 0 && dominator[node] === unreached) continue
          expect(retained[node]).toBe(kept.reduce((sum, other) => sum + graph.selfSize[other]!, 0))
        }
      }),
    )
  })
})

test('a leak in this very process is found', async () => {
  class LeakedBasket {
    readonly lines: number[]
    constructor(at: number) {
      this.lines = Array.from({ length: 50 }, (_, line) => at + line / 2)
    }
  }
  class LeakyShop {
    readonly baskets = new Map(Array.from({ length: 20_000 }, (_, at) => [at, new LeakedBasket(at)]))
  }
  const place = globalThis as { leakyShop?: LeakyShop }
  place.leakyShop = new LeakyShop()
  try {
    const reader = new HeapReader('this process')
    for await (const piece of getHeapSnapshot()) reader.push(piece as Buffer)
    const { retainers } = summarizeHeap(reader.finish())
    const found = retainers.find(({ name }) => name === 'LeakyShop')
    expect(found?.way).toContain('.leakyShop')
    expect(found?.holds[0]).toMatchObject({ name: 'LeakedBasket', count: 20_000 })
  } finally {
    delete place.leakyShop
  }
}, 60_000)
