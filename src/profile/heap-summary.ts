/** A heap in a few lines: what keeps most of it alive, on which way it is reached, and which kinds of objects there are. No contents. Pure. */
import { type Retention, retentionOf, unreached } from './dominators.ts'
import type { HeapGraph } from './heap-reader.ts'
import type { Flame } from './stacks.ts'

export interface Retainer {
  name: string
  /** Bytes that would go with it. */
  retained: number
  self: number
  /** Names of references from the root to it, for example `global.cache.[[table]]`. */
  way: string
  /** What it keeps alive directly, the largest first. */
  holds: { name: string; count: number; bytes: number }[]
}

export interface Kind {
  name: string
  count: number
  self: number
  /** Bytes that objects of this kind keep alive, each byte once. */
  retained: number
}

export interface HeapSummary {
  objects: number
  references: number
  bytes: number
  retainers: Retainer[]
  kinds: Kind[]
  /** The dominator tree, without what is small. */
  flame: Flame
}

/** Works a heap out. `most` bounds each list. */
export function summarizeHeap(graph: HeapGraph, most = 15): HeapSummary {
  const retention = retentionOf(graph)
  const below = dominated(graph, retention)
  const name = (node: number): string => nameOf(graph, node)
  return {
    objects: graph.nodes,
    references: graph.edges,
    bytes: retention.retained[0]!,
    retainers: retainersOf(graph, retention, below, most).map((node) => ({
      name: name(node),
      retained: retention.retained[node]!,
      self: graph.selfSize[node]!,
      way: wayTo(graph, retention, node),
      holds: heldBy(below, node, retention, name),
    })),
    kinds: kindsOf(graph, retention, name).slice(0, most),
    flame: flameOfHeap(retention, below, name),
  }
}

/** What an object is called: its class, its function, or its kind in brackets. Never the text of a string. */
export function nameOf(graph: HeapGraph, node: number): string {
  const type = graph.nodeTypes[graph.type[node]!] ?? 'unknown'
  const name = graph.text(graph.name[node]!)
  switch (type) {
    case 'object':
    case 'native':
      return (name.startsWith('system / ') ? `(${name.split(' / ')[1]!.toLowerCase()})` : name.split(' / ')[0]!.slice(0, 80)) || `(${type})`
    case 'synthetic':
      return name || '(root)'
    case 'closure':
      return name === '' ? 'function' : `function ${name}`
    case 'concatenated string':
    case 'sliced string':
      return '(string)'
    case 'hidden':
    case 'code':
      return `(${type})`
    case 'object shape':
      return '(shape)'
    default:
      return `(${type})`
  }
}

/** The objects that each object dominates, as below.list[below.first[n]] to below.list[below.first[n + 1]]. */
interface Below {
  first: Uint32Array
  list: Uint32Array
}

function dominated(graph: HeapGraph, { dominator }: Retention): Below {
  const first = new Uint32Array(graph.nodes + 1)
  for (let node = 1; node < graph.nodes; node++) if (dominator[node] !== unreached) first[dominator[node]! + 1]!++
  for (let node = 0; node < graph.nodes; node++) first[node + 1]! += first[node]!
  const list = new Uint32Array(first[graph.nodes]!)
  const next = Uint32Array.from(first.subarray(0, graph.nodes))
  for (let node = 1; node < graph.nodes; node++) if (dominator[node] !== unreached) list[next[dominator[node]!]!++] = node
  return { first, list }
}

const childrenOf = ({ first, list }: Below, node: number): Uint32Array => list.subarray(first[node], first[node + 1])

/** Nodes of the snapshot's own, where its objects begin. */
const isRoot = (graph: HeapGraph, node: number): boolean => graph.nodeTypes[graph.type[node]!] === 'synthetic'

/** What holds everything says nothing: the global object, and the contexts of modules and closures. What they hold is listed. */
const isPlace = (graph: HeapGraph, node: number): boolean =>
  isRoot(graph, node) || /^(global(This)?$|global \/ |system \/ )/.test(graph.text(graph.name[node]!))

/** The largest retainers. One that sits inside another and is most of it is left to that other's `holds`. */
function retainersOf(graph: HeapGraph, { retained, dominator }: Retention, below: Below, most: number): number[] {
  const kept: number[] = []
  const least = retained[0]! * 0.002
  const within = new Map<number, number>()
  // From the root down, so that the one above is always known first.
  const todo: number[] = [0]
  for (let at = 0; at < todo.length; at++) {
    const node = todo[at]!
    const above = within.get(dominator[node]!)
    const counts = !isPlace(graph, node) && (above === undefined || retained[node]! < retained[above]! * 0.5)
    if (counts) kept.push(node)
    const holder = counts ? node : node === 0 ? undefined : above
    if (holder !== undefined) within.set(node, holder)
    for (const child of childrenOf(below, node)) if (retained[child]! > least) todo.push(child)
  }
  return kept.sort((a, b) => retained[b]! - retained[a]! || a - b).slice(0, most)
}

/** Objects that only hold others, as the language has them. */
const container = /^(\(.*\)|Map|Set|WeakMap|Array|Object)$/

/** What is directly below an object, or below the containers under it, grouped by name. */
function heldBy(below: Below, node: number, { retained }: Retention, name: (node: number) => string): Retainer['holds'] {
  const groups = new Map<string, { count: number; bytes: number }>()
  let at = node
  for (let step = 0; step < 20; step++) {
    const children = childrenOf(below, at)
    const largest = children.reduce((best, child) => (retained[child]! > (retained[best] ?? -1) ? child : best), children[0] ?? at)
    if (children.length === 0 || retained[largest]! < retained[at]! * 0.8) break
    if (childrenOf(below, largest).length === 0 || !container.test(name(largest))) break
    at = largest
  }
  for (const child of childrenOf(below, at)) {
    const group = groups.get(name(child)) ?? { count: 0, bytes: 0 }
    groups.set(name(child), { count: group.count + 1, bytes: group.bytes + retained[child]! })
  }
  return [...groups]
    .map(([held, group]) => ({ name: held, ...group }))
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
}

/** References from the root to an object on a shortest way; the heap's own first steps are left out. */
function wayTo(graph: HeapGraph, { reachedBy }: Retention, node: number): string {
  const steps: string[] = []
  let at = node
  for (let step = 0; at !== 0 && step < 40; step++) {
    const edge = reachedBy[at]!
    if (edge === unreached) break
    const from = ownerOf(graph, edge)
    if (isRoot(graph, from)) {
      steps.push(isRoot(graph, at) ? '' : nameOf(graph, at))
      break
    }
    steps.push(edgeText(graph, edge))
    at = from
  }
  const said = steps.reverse().filter((step) => step !== '')
  return said.length <= 9 ? said.join('') : [...said.slice(0, 3), ' ... ', ...said.slice(-5)].join('')
}

function edgeText(graph: HeapGraph, edge: number): string {
  const type = graph.edgeTypes[graph.edgeType[edge]!]
  if (type === 'element' || type === 'hidden') return `[${graph.edgeName[edge]}]`
  const name = graph.text(graph.edgeName[edge]!)
  return type === 'internal' ? `.(${name})` : `.${name}`
}

/** The object that an edge belongs to. */
function ownerOf({ firstEdge, nodes }: HeapGraph, edge: number): number {
  let [low, high] = [0, nodes - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (firstEdge[middle]! <= edge) low = middle
    else high = middle - 1
  }
  return low
}

function kindsOf(graph: HeapGraph, { retained, dominator }: Retention, name: (node: number) => string): Kind[] {
  const kinds = new Map<string, Kind>()
  const names: string[] = []
  const called = (node: number): string => {
    // Most objects share their name with many: the number of the text and the type stand for it.
    const key = graph.name[node]! * 32 + graph.type[node]!
    names[key] ??= name(node)
    return names[key]
  }
  for (let node = 1; node < graph.nodes; node++) {
    if (dominator[node] === unreached || isRoot(graph, node)) continue
    const own = called(node)
    const kind = kinds.get(own) ?? { name: own, count: 0, self: 0, retained: 0 }
    kinds.set(own, kind)
    kind.count++
    kind.self += graph.selfSize[node]!
    let above = dominator[node]!
    // Bytes inside another object of the same kind are counted there.
    for (let step = 0; above !== 0 && step < 64 && called(above) !== own; step++) above = dominator[above]!
    if (above === 0 || called(above) !== own) kind.retained += retained[node]!
  }
  return [...kinds.values()].sort((a, b) => b.retained - a.retained || (a.name < b.name ? -1 : 1))
}

const deepest = 60

function flameOfHeap({ retained }: Retention, below: Below, name: (node: number) => string): Flame {
  const least = retained[0]! * 0.001
  const grown = (node: number, depth: number): Flame => {
    const groups = new Map<string, Flame>()
    const children: Flame[] = []
    for (const child of childrenOf(below, node)) {
      if (retained[child]! >= least && depth < deepest) children.push(grown(child, depth + 1))
      else {
        const held = name(child)
        const group = groups.get(held) ?? { name: held, value: 0, children: [] }
        groups.set(held, group)
        group.value += retained[child]!
      }
    }
    children.push(...[...groups.values()].filter((group) => group.value >= least))
    return {
      name: name(node),
      value: retained[node]!,
      children: children.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1)),
    }
  }
  return { ...grown(0, 0), name: 'the heap' }
}
