/** Reads a V8 heap snapshot piece by piece: numbers go into typed arrays, texts are cut, and nothing else is kept. */
import { UsageError } from '../errors.ts'
import { longestText, Texts } from './heap-texts.ts'

/** The objects of a heap and who refers to whom. Node 0 is the root; the edges of a node are firstEdge[n] to firstEdge[n + 1]. */
export interface HeapGraph {
  nodes: number
  edges: number
  nodeTypes: readonly string[]
  edgeTypes: readonly string[]
  type: Uint8Array
  name: Uint32Array
  selfSize: Float64Array
  firstEdge: Uint32Array
  edgeType: Uint8Array
  /** A text for named edges, a number for elements. */
  edgeName: Uint32Array
  edgeTo: Uint32Array
  /** A text by its number; cut after 120 bytes. */
  text: (index: number) => string
}

export interface HeapLimits {
  nodes: number
  edges: number
}

/** About 1.5 GB of arrays while it is worked on: larger snapshots are for tools that keep them on disk. */
export const usualLimits: HeapLimits = { nodes: 16_000_000, edges: 64_000_000 }

const longestHead = 1024 * 1024

interface Meta {
  node_fields: string[]
  node_types: (string | string[])[]
  edge_fields: string[]
  edge_types: (string | string[])[]
}

type Step = 'begin' | 'key' | 'colon' | 'value' | 'head' | 'numbers' | 'texts' | 'skip' | 'next' | 'done'

const code = (character: string): number => character.charCodeAt(0)
const [quote, backslash, comma, open, close, openList, closeList, minus] = ['"', '\\', ',', '{', '}', '[', ']', '-'].map(code) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
]

/** Push pieces of the file in order, then `finish`. Both throw UsageError for what is no whole snapshot, or is beyond the limits. */
export class HeapReader {
  readonly #what: string
  readonly #limits: HeapLimits
  #step: Step = 'begin'
  #key = ''
  #text: number[] = []
  #inText = false
  #escaped = false
  #depth = 0
  #number = -1
  #columns: Column[] = []
  #column = 0
  #row = 0
  #graph: Omit<HeapGraph, 'text' | 'firstEdge'> | undefined
  #edgeCount = new Uint32Array()
  #nodeFields: string[] = []
  #edgeFields: string[] = []
  #filled = { nodes: 0, edges: 0 }
  readonly #texts = new Texts()

  constructor(what: string, limits: HeapLimits = usualLimits) {
    this.#what = what
    this.#limits = limits
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!
      switch (this.#step) {
        case 'numbers':
          if (byte >= 48 && byte <= 57) this.#number = (this.#number < 0 ? 0 : this.#number) * 10 + (byte - 48)
          else if (byte === comma || byte === closeList) {
            if (this.#number >= 0) this.#take()
            if (byte === closeList) this.#numbersEnd()
          } else if (byte > 32 && byte !== minus) this.#fail('a list of numbers has something else in it')
          break
        case 'texts':
          if (this.#inText) {
            if (this.#inString(byte)) this.#texts.end()
          } else if (byte === quote) this.#inText = true
          else if (byte === closeList) this.#step = 'next'
          break
        case 'head':
        case 'skip':
          this.#balanced(byte)
          break
        default:
          if (this.#inText) this.#inString(byte)
          else this.#structure(byte)
      }
    }
  }

  finish(): HeapGraph {
    const graph = this.#graph
    if (this.#step !== 'done' || graph === undefined) this.#fail('it ends too early')
    if (this.#filled.nodes !== graph.nodes || this.#filled.edges !== graph.edges) this.#fail('it has fewer objects than it says')
    const firstEdge = new Uint32Array(graph.nodes + 1)
    for (let node = 0; node < graph.nodes; node++) firstEdge[node + 1] = firstEdge[node]! + this.#edgeCount[node]!
    if (firstEdge[graph.nodes] !== graph.edges) this.#fail('its references do not add up')
    for (const to of graph.edgeTo) if (to >= graph.nodes) this.#fail('a reference leads nowhere')
    return { ...graph, firstEdge, text: (index) => this.#texts.at(index) }
  }

  #fail(why: string): never {
    throw new UsageError(`${this.#what} is not a whole heap snapshot of V8: ${why}`, 'take it again')
  }

  #structure(byte: number): void {
    if (byte <= 32) return
    if (this.#step === 'begin' && byte === open) this.#step = 'key'
    else if (this.#step === 'key' && byte === quote) this.#inText = true
    else if (this.#step === 'colon' && byte === code(':')) this.#step = 'value'
    else if (this.#step === 'next' && byte === comma) this.#step = 'key'
    else if (this.#step === 'next' && byte === close) this.#step = 'done'
    else if (this.#step === 'value') this.#value(byte)
    else this.#fail('it is not the JSON that V8 writes')
  }

  #value(byte: number): void {
    if (this.#key === 'snapshot' && byte === open) this.#step = 'head'
    else if ((this.#key === 'nodes' || this.#key === 'edges') && byte === openList) {
      if (this.#graph === undefined) this.#fail('its description does not come first')
      this.#columns = this.#columnsOf(this.#key)
      this.#step = 'numbers'
      this.#number = -1
      this.#column = 0
      this.#row = 0
      return
    } else if (this.#key === 'strings' && byte === openList) {
      this.#step = 'texts'
      return
    } else if (byte === open || byte === openList) this.#step = 'skip'
    else this.#fail('it is not the JSON that V8 writes')
    this.#depth = 0
    this.#balanced(byte)
  }

  /** One byte of a key or of a text in the table of texts; whether it ended there. */
  #inString(byte: number): boolean {
    if (!this.#escaped && byte === quote) {
      this.#inText = false
      if (this.#step !== 'key') return true
      this.#key = String.fromCharCode(...this.#text)
      this.#text = []
      this.#step = 'colon'
      return true
    }
    this.#escaped = !this.#escaped && byte === backslash
    if (this.#step === 'key') {
      if (this.#text.length > longestText) this.#fail('it is not the JSON that V8 writes')
      this.#text.push(byte)
    } else this.#texts.add(byte)
    return false
  }

  /** One byte of a value that is kept as text (the head) or left out. */
  #balanced(byte: number): void {
    if (this.#step === 'head') {
      this.#text.push(byte)
      if (this.#text.length > longestHead) this.#fail('its description is too long')
    }
    if (this.#inText) {
      if (!this.#escaped && byte === quote) this.#inText = false
      this.#escaped = !this.#escaped && byte === backslash
      return
    }
    if (byte === quote) this.#inText = true
    else if (byte === open || byte === openList) this.#depth++
    else if (byte === close || byte === closeList) {
      this.#depth--
      if (this.#depth > 0) return
      if (this.#step === 'head') this.#head()
      this.#step = 'next'
    }
  }

  #head(): void {
    const head = this.#parsedHead()
    const { meta, node_count: nodes, edge_count: edges } = head
    this.#text = []
    const wanted = ['type', 'name', 'self_size', 'edge_count'].every((field) => meta?.node_fields?.includes(field))
    if (!wanted || !['type', 'name_or_index', 'to_node'].every((field) => meta?.edge_fields?.includes(field)))
      this.#fail('it does not describe its fields')
    if (!Number.isSafeInteger(nodes) || !Number.isSafeInteger(edges) || nodes < 1 || edges < 0)
      this.#fail('it does not say how many objects it has')
    if (nodes > this.#limits.nodes || edges > this.#limits.edges)
      throw new UsageError(
        `${this.#what} has ${nodes} objects and ${edges} references: more than can be worked on here`,
        "load it into the memory panel of a browser's developer tools",
      )
    this.#nodeFields = meta.node_fields
    this.#edgeFields = meta.edge_fields
    this.#edgeCount = new Uint32Array(nodes)
    this.#graph = {
      nodes,
      edges,
      nodeTypes: typesOf(meta.node_types),
      edgeTypes: typesOf(meta.edge_types),
      type: new Uint8Array(nodes),
      name: new Uint32Array(nodes),
      selfSize: new Float64Array(nodes),
      edgeType: new Uint8Array(edges),
      edgeName: new Uint32Array(edges),
      edgeTo: new Uint32Array(edges),
    }
  }

  #parsedHead(): { meta: Meta; node_count: number; edge_count: number } {
    try {
      return JSON.parse(Buffer.from(this.#text).toString('utf8'))
    } catch {
      return this.#fail('its description is not JSON')
    }
  }

  #columnsOf(key: 'nodes' | 'edges'): Column[] {
    const graph = this.#graph!
    const nodeColumns: Record<string, Column> = {
      type: graph.type,
      name: graph.name,
      self_size: graph.selfSize,
      edge_count: this.#edgeCount,
    }
    const edgeColumns: Record<string, Column> = { type: graph.edgeType, name_or_index: graph.edgeName, to_node: graph.edgeTo }
    return key === 'nodes' ? this.#nodeFields.map((field) => nodeColumns[field]) : this.#edgeFields.map((field) => edgeColumns[field])
  }

  #take(): void {
    const column = this.#columns[this.#column]
    if (column !== undefined) {
      if (this.#row >= column.length) this.#fail('it has more objects than it says')
      // A reference is given as the place of its object in the list of numbers.
      column[this.#row] = column === this.#graph!.edgeTo ? this.#number / this.#nodeFields.length : this.#number
    }
    this.#number = -1
    if (++this.#column === this.#columns.length) {
      this.#column = 0
      this.#row++
    }
  }

  #numbersEnd(): void {
    if (this.#column !== 0) this.#fail('a list of numbers is cut off')
    this.#filled[this.#key as 'nodes' | 'edges'] = this.#row
    this.#step = 'next'
  }
}

type Column = Uint8Array | Uint32Array | Float64Array | undefined

const typesOf = (types: Meta['node_types']): string[] => (Array.isArray(types?.[0]) ? types[0] : [])
