import { type HeapProfiler, type Profiler, Session } from 'node:inspector'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeProfile, type Frame } from './pprof.ts'

const samplingMicroseconds = 1000
const heapSamplingBytes = 64 * 1024

/** Samples what the process does for so many seconds. `wall` counts the time it waits for events too, `cpu` does not. */
export async function takeTimeProfile(kind: 'cpu' | 'wall', seconds: number): Promise<Buffer> {
  const startedAt = BigInt(Date.now()) * 1_000_000n
  const profile = await inspected(async (session) => {
    await post(session, 'Profiler.enable')
    await post(session, 'Profiler.setSamplingInterval', { interval: samplingMicroseconds })
    await post(session, 'Profiler.start')
    await sleep(seconds * 1000)
    return ((await post(session, 'Profiler.stop')) as Profiler.StopReturnType).profile
  })
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map<number, number>()
  for (const { id, children } of profile.nodes) for (const child of children ?? []) parents.set(child, id)
  const times = new Map<number, [count: number, nanoseconds: number]>()
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const name = nodes.get(id)?.callFrame.functionName
    if (kind === 'cpu' && (name === '(idle)' || name === '(program)')) continue
    const time = times.get(id) ?? [0, 0]
    times.set(id, [time[0] + 1, time[1] + Math.max(0, profile.timeDeltas?.[index] ?? 0) * 1000])
  }
  const stackOf = (id: number): Frame[] => {
    const stack: Frame[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const frame = nodes.get(at)?.callFrame
      if (frame !== undefined && frame.functionName !== '(root)') stack.push(frameOf(frame))
    }
    return stack
  }
  return encodeProfile({
    types: [
      ['samples', 'count'],
      [kind, 'nanoseconds'],
    ],
    samples: [...times].map(([id, values]) => ({ stack: stackOf(id), values })),
    period: samplingMicroseconds * 1000,
    startedAt,
    duration: BigInt(Math.round((profile.endTime - profile.startTime) * 1000)),
  })
}

/** Samples what is allocated within so many seconds and still in use at their end. */
export async function takeHeapProfile(seconds: number): Promise<Buffer> {
  const startedAt = BigInt(Date.now()) * 1_000_000n
  const { head } = await inspected(async (session) => {
    await post(session, 'HeapProfiler.enable')
    await post(session, 'HeapProfiler.startSampling', { samplingInterval: heapSamplingBytes })
    await sleep(seconds * 1000)
    return ((await post(session, 'HeapProfiler.stopSampling')) as HeapProfiler.StopSamplingReturnType).profile
  })
  const samples: Array<{ stack: Frame[]; values: number[] }> = []
  const walk = (node: HeapProfiler.SamplingHeapProfileNode, callers: readonly Frame[]): void => {
    const stack = node.callFrame.functionName === '(root)' ? [] : [frameOf(node.callFrame), ...callers]
    if (node.selfSize > 0) samples.push({ stack, values: [node.selfSize] })
    for (const child of node.children) walk(child, stack)
  }
  walk(head, [])
  return encodeProfile({
    types: [['inuse_space', 'bytes']],
    samples,
    period: heapSamplingBytes,
    startedAt,
    duration: BigInt(Math.round(seconds * 1e9)),
  })
}

const frameOf = ({ functionName, url, lineNumber }: { functionName: string; url: string; lineNumber: number }): Frame => ({
  name: functionName === '' ? '(anonymous)' : functionName,
  file: url,
  line: lineNumber + 1,
})

async function inspected<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const session = new Session()
  session.connect()
  try {
    return await work(session)
  } finally {
    session.disconnect()
  }
}

function post(session: Session, method: string, params: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) =>
    session.post(method, params, (error, result) => (error === null ? resolve(result) : reject(error))),
  )
}
