/** Everything that a command can touch. `main` is given one; tests give another. */

import type { Duplex } from 'node:stream'
import type { Receipt } from './actions/door.ts'
import type { Verdict } from './diagnosis/verdict.ts'
import type { ChannelSettings, Settings, SourceSettings } from './settings.ts'
import type { AlertSource, Cluster, ClusterWriter, Downloads, MetricsSource, Notifier } from './targets/ports.ts'

export interface Terminal {
  /** The answer: stdout. A newline is not added. */
  out(text: string): void
  /** The conversation: stderr. */
  err(text: string): void
  /** Whether stdout and stderr face a person. */
  readonly outIsTTY: boolean
  readonly errIsTTY: boolean
  readonly inIsTTY: boolean
  readonly columns: number
  /** Colours wanted on stdout, by NO_COLOR, FORCE_COLOR, TERM and the stream itself. */
  readonly color: boolean
  /** Ask yes or no; only when inIsTTY. */
  confirm(question: string): Promise<boolean>
  /** Ask for a line of text; only when inIsTTY. */
  input(question: string): Promise<string>
  select<T extends string>(question: string, choices: readonly { value: T; label: string }[]): Promise<T>
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after so many milliseconds, rejects with InterruptedError when `signal` aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

export interface Files {
  read(path: string): Promise<string>
  /** Write whole or not at all (a temporary file, then rename). */
  write(path: string, content: string): Promise<void>
  /** Add to the end, on the disk before it resolves; a new file is readable by its owner alone. */
  append(path: string, content: string): Promise<void>
  /** The bytes of a file, piece by piece. */
  readBytes(path: string): AsyncIterable<Uint8Array>
  /** Write pieces as they come, whole or not at all; readable by its owner alone. */
  writeBytes(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void>
  /** Remove a file, if it is there. */
  remove(path: string): Promise<void>
  exists(path: string): Promise<boolean>
  list(directory: string): Promise<string[]>
}

/** Systems, connected when first asked for. */
export interface Targets {
  cluster(): Promise<Cluster>
  writer(): Promise<ClusterWriter>
  /** `place` is from the settings or from discovery: a URL, or a Service reached through the API server. */
  metrics(place: SourcePlace): Promise<MetricsSource>
  alerts(place: SourcePlace): Promise<AlertSource>
  /** Large answers of one pod's own listeners. */
  downloads(): Promise<Downloads>
  /** A connection to a port of a pod, as if from inside it. */
  forward(place: { namespace: string; pod: string; port: number }, signal: AbortSignal): Promise<Duplex>
  /** A way to reach people. */
  notifier(channel: ChannelSettings): Promise<Notifier>
  /** A plain HTTP request from this machine, for services given by URL. */
  fetch(
    url: string,
    init: { method?: string; headers?: Record<string, string>; body?: string; limitBytes?: number },
    signal: AbortSignal,
  ): Promise<{ status: number; body: string; seconds: number; headers: Record<string, string> }>
}

export type SourcePlace =
  | { url: string; settings: SourceSettings }
  | { namespace: string; service: string; port: number | string; prefix?: string; settings: SourceSettings }

/** Something that a command found out or did, which outlives its answer. */
export type Learned = { verdict: Verdict } | { receipt: Receipt }

export interface Context {
  terminal: Terminal
  clock: Clock
  signal: AbortSignal
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  home: string
  /** The folder of the package: runbooks/, schemas/ and deploy/ are in it. */
  root: string
  files: Files
  version: string
  targets(settings: Settings): Targets
  /** Told what a command finds out and does, for the time line of an incident; absent where nobody listens. */
  readonly learned?: (what: Learned) => void
}
