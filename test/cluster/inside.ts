/** Changes a running process from inside, as a bug does that no object of the cluster shows: through Node's own inspector. */
import type { World } from './world.ts'

/** A defect of a release or of one process: a share of the statements that contain a word fails with a TypeError. */
export const defect = (word: string, share: number): string => `
const { createRequire } = process.getBuiltinModule('node:module')
const pg = createRequire('/app/dist/start.js')('pg')
const query = pg.Client.prototype.query
pg.Client.prototype.query = function (config, ...rest) {
  const text = typeof config === 'string' ? config : config?.text ?? ''
  if (/${word}/i.test(text) && Math.random() < ${share}) throw new TypeError("Cannot read properties of undefined (reading 'id')")
  return query.call(this, config, ...rest)
}`

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
