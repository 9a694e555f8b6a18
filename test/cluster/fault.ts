/** One thing that goes wrong (or does not), what a diagnosis of it must say, and how we know that it shows. */

import type { CauseCode } from '../../src/diagnosis/codes.ts'
import type { ActionName, Verdict } from '../../src/diagnosis/verdict.ts'
import type { World } from './world.ts'

/** `name` undefined: any object of that kind. */
export interface Expected {
  kind: string
  name?: string | undefined
}

export type Row =
  | 'down'
  | 'errors'
  | 'slow'
  | 'memory'
  | 'cpu'
  | 'stream'
  | 'security'
  | 'slo'
  | 'several'
  | 'healthy'
  | 'red herring'
  | 'blind'

export type Runbook =
  | 'service-downtime'
  | 'high-error-rate'
  | 'performance-degradation'
  | 'memory-issues'
  | 'cpu-issues'
  | 'streaming-issues'
  | 'security-incidents'
  | 'slo-violations'

/** How much the one who asks may see: everything, the rights of a service account made for it, or everything from an API server that takes its time. */
export type Sight = 'all' | 'roles' | 'namespace role' | 'nothing' | 'no usage' | 'no Prometheus' | 'slow API'

/** What is asked once more, after the first fault is repaired: it was there all the time, and the first one hid it. */
export interface After {
  name: string
  /** Takes the first fault away, as its remedy would; `answer` is what was said of it. */
  cure: (world: World, answer: Verdict | undefined) => Promise<void>
  expected: Fault['expected']
  subjects?: Fault['subjects']
  wrong?: Fault['wrong']
  shows: Fault['shows']
}

export interface Fault {
  name: string
  row: Row
  runbook: Runbook
  /** Codes that are right; `healthy`, `inconclusive` stand for a verdict without a cause. */
  expected: readonly (CauseCode | 'healthy' | 'inconclusive')[]
  /** Objects that one would edit to repair it; any of them is right. */
  subjects?: (world: World) => Expected[]
  /** Causes that must be named, whichever comes first. */
  also?: readonly CauseCode[]
  /** Nothing else may be named: what else is seen are its effects. */
  only?: boolean
  /** Actions that would do harm or nothing: none may be proposed. */
  wrong?: readonly ActionName[]
  /** The store that the service needs for this; either when not said. */
  store?: 'postgresql' | 'sqlite'
  sight?: Sight
  /** Seconds of traffic before the fault. */
  before?: number
  /** Differences from the usual world, before it starts. */
  prepare?: (world: World) => void
  inject?: (world: World) => Promise<void>
  /** Waits until the effect can be seen, and gives it in a line: proof that the fault is really there. */
  shows: (world: World) => Promise<string>
  /** Asked once more, when the first is cured. */
  next?: After
  /** What the namespace's end does not undo. */
  repair?: (world: World) => Promise<void>
  /** Touches what all namespaces share: no other run beside it. */
  alone?: boolean
  /** Takes minutes: left out of samples. */
  long?: boolean
}
