/** `block`, asked from the blocked side: a pod at the address is refused, another is not, and it ends by itself. */
import { describe } from '../../cluster/ask.ts'
import { workload } from '../../cluster/clients.ts'
import { sleep } from '../../cluster/kubectl.ts'
import { World } from '../../cluster/world.ts'
import { aHand } from './hand.ts'

export interface Blocked {
  how: string
  /** HTTP status that each side got, 0 for none: before, while it is blocked, after. */
  blocked: number[]
  other: number[]
  code: number
  /** Seconds from the end of the command until the blocked side was let in again. */
  ended: number | undefined
  wrong: string
}

const lasts = 30

/** By the server's own list for half a minute, then by NetworkPolicies until undo. */
export async function block(seed: number, images: { app: string; database: string }): Promise<Blocked[]> {
  const world = new World(seed, images, 'postgresql')
  world.replicas = 2
  await world.design()
  const found: Blocked[] = []
  try {
    await world.up()
    const sides = ['near', 'far'] as const
    for (const side of sides) await world.apply(workload(side, 1, { name: 'side', image: images.database, command: ['sleep', 'infinity'] }))
    for (const side of sides) await world.k('rollout', 'status', `deployment/${side}`, '--timeout=60s')
    const [near] = await world.pods({ app: 'near' })
    const address: string = near.status.podIP
    const hand = await aHand(describe(world))
    const despite = ['--despite', 'blocks_pod', '--observe', '0s', '--yes']
    const ask = async (side: (typeof sides)[number]): Promise<number> =>
      Number(await world.k('exec', `deployment/${side}`, '--', 'sh', '-c', asking(world)))
    const both = async (): Promise<[number, number]> => [await ask('near'), await ask('far')]

    const before = await both()
    const listed = await hand.type(['block', 'add', address, '--for', `${lasts}s`, ...despite])
    const ended = performance.now()
    const during = await both()
    let seconds: number | undefined
    for (let turn = 0; turn < lasts + 20 && seconds === undefined; turn++) {
      if ((await ask('near')) === before[0]) seconds = (performance.now() - ended) / 1000
      else await sleep(1)
    }
    const after = await both()
    found.push(judged("the server's list", listed.code, [before, during, after], 403, seconds, listed.err + listed.out))
    process.stdout.write(`${JSON.stringify(found.at(-1))}\n`)

    // Every rule that lets pods in by their labels lets this one in: a policy of addresses has to be there to be narrowed.
    await world.patch(
      'networkpolicy',
      world.names.app,
      [{ op: 'replace', path: '/spec/ingress/0/from', value: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
      'json',
    )
    const open = await both()
    const narrowed = await hand.type(['block', 'add', address, '--by', 'policy', ...despite])
    await sleep(3)
    const shut = await both()
    const back = await hand.type(['undo', '--yes', '--observe', '0s'])
    await sleep(3)
    const again = await both()
    found.push(
      judged(
        'NetworkPolicies, then undo',
        narrowed.code || back.code,
        [open, shut, again],
        0,
        undefined,
        narrowed.err + narrowed.out + back.err,
      ),
    )
    process.stdout.write(`${JSON.stringify(found.at(-1))}\n`)
    return found
  } finally {
    await world.down()
  }
}

/** A call without a token: 401 from a server that lets one in, 403 from one that does not, 000 where nothing answers. */
const asking = ({ names, servicePort }: World): string =>
  `curl -s -m 4 -o /dev/null -w '%{http_code}' -X POST -H 'content-type: application/json' -d '{}' http://${names.app}:${servicePort}/mcp || true`

function judged(how: string, code: number, times: [number, number][], refused: number, ended: number | undefined, said: string): Blocked {
  const blocked = times.map(([near]) => near)
  const other = times.map(([, far]) => far)
  const wrong = [
    code === 0 ? '' : `exit ${code}: ${said.slice(-400)}`,
    blocked[1] === refused ? '' : `the blocked side got ${blocked[1]}`,
    other.every((status) => status === 401) ? '' : `the other side got ${other.join(', ')}`,
    blocked[0] === 401 && blocked[2] === 401 ? '' : `before ${blocked[0]}, after ${blocked[2]}`,
  ]
  return { how, blocked, other, code, ended, wrong: wrong.filter(Boolean).join('; ') }
}
