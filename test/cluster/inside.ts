/** Changes a running process from inside, as a bug does that no object of the cluster shows: through Node's own inspector. */
import type { World } from './world.ts'

/**
 * A defect of a release or of one process: what is written as JSON fails with a TypeError, in a share of the cases.
 * @param when says of `value`, what is to be written, whether it is concerned: an expression.
 */
export const defect = (when: string, share: number): string => `
const { stringify } = JSON
JSON.stringify = (value, ...rest) => {
  if ((${when}) && Math.random() < ${share}) throw new TypeError("Cannot read properties of undefined (reading 'map')")
  return stringify(value, ...rest)
}`

/** The answer to a task's completion. */
export const completing = "value?.task?.status === 'completed'"
/** Every answer that holds a task. */
export const answering = 'value?.task?.id !== undefined'

const evaluate = (expression: string): string => `
const [target] = await (await fetch('http://127.0.0.1:9229/json')).json()
const socket = new WebSocket(target.webSocketDebuggerUrl)
await new Promise((resolve) => { socket.onopen = resolve })
socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: ${JSON.stringify(`(() => {${expression}})()`)}, returnByValue: true } }))
const answer = JSON.parse((await new Promise((resolve) => { socket.onmessage = resolve })).data)
socket.close()
if (answer.result.exceptionDetails) { console.error(JSON.stringify(answer.result.exceptionDetails)); process.exit(1) }`

/** Runs code inside the first process of a pod. */
export async function runInside(world: World, pod: string, code: string): Promise<void> {
  const within = (...command: string[]): Promise<string> => world.k('exec', pod, '-c', world.names.container, '--', ...command)
  await within('node', '-e', "process.kill(1, 'SIGUSR1')")
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await within('node', '--input-type=module', '-e', evaluate(code))
}
