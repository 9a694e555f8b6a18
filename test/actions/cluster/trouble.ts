/** Each action while the real API server is in trouble: applied once or not at all, and never unknown afterwards. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { kubectl, type Ran, sleep } from '../../cluster/kubectl.ts'
import { openBetween } from './between.ts'
import { type Doable, makers, mend } from './changes.ts'
import { unknownIn } from './cut.ts'
import { aHand, aTarget, type Hand, targetSettings } from './hand.ts'

export interface InTrouble {
  trouble: string
  action: string
  code: number
  /** Changes that the API server took, of `writes`. */
  applied: number
  writes: number
  /** How the same line ended after that, where the first did not end well. */
  again: number | undefined
  unknown: number
  wrong: string
}

const flags = ['--yes', '--wait', '0s', '--observe', '0s', '--despite', 'gate']
const shell = (command: string): Promise<unknown> => promisify(execFile)('sh', ['-c', command])

/** How the API server is frozen and thawed, for the shell of this machine. */
export interface Frost {
  freeze: string
  thaw: string
}

type Between = Awaited<ReturnType<typeof openBetween>>

interface Trouble {
  name: string
  /** What becomes of the nth request that changes something. */
  arrange: (between: Between, change: Doable) => void
  /** Exit codes of the first line that are right, and whether its change may be there already. */
  codes: readonly number[]
  applied: 'once' | 'never' | 'either'
}

const onChange = (between: Between, what: (nth: number) => ReturnType<Between['trouble']>): void => {
  let nth = 0
  between.trouble = ({ change }) => (change ? what(++nth) : undefined)
}

/** After the answer to a change is lost nothing answers any more. */
function cutAndGone(between: Between): void {
  let gone = false
  between.trouble = ({ change }) => {
    if (gone) return 'cut'
    gone = change
    return change ? 'cut-after' : undefined
  }
}

const troubles = (namespace: string): Trouble[] => [
  { name: '429 once', arrange: (between) => onChange(between, (nth) => (nth === 1 ? 429 : undefined)), codes: [0], applied: 'once' },
  { name: '429 all the time', arrange: (between) => onChange(between, () => 429), codes: [5], applied: 'never' },
  {
    name: '409 by somebody else who was faster',
    arrange: (between, change) =>
      onChange(between, async (nth) => {
        if (nth === 1) await meddle(namespace, change)
        return undefined
      }),
    codes: [6],
    applied: 'never',
  },
  {
    name: 'cut before the request',
    arrange: (between) => onChange(between, (nth) => (nth === 1 ? 'cut' : undefined)),
    codes: [0],
    applied: 'once',
  },
  {
    name: 'cut between request and answer',
    arrange: (between) => onChange(between, (nth) => (nth === 1 ? 'cut-after' : undefined)),
    codes: [0],
    applied: 'once',
  },
  { name: 'cut between request and answer, and gone', arrange: cutAndGone, codes: [6], applied: 'either' },
]

/** Every action in every trouble, on the cluster of KUBECONFIG; with `frost` also before a frozen API server. */
export async function trouble(namespace: string, only: readonly string[], frost: Frost | undefined): Promise<InTrouble[]> {
  await aTarget(namespace)
  const between = await openBetween()
  const hand = await aHand(targetSettings(namespace, 'other'))
  const kubeconfig = path.join(hand.folder, 'kubeconfig')
  await writeFile(kubeconfig, between.kubeconfig)
  const found: InTrouble[] = []
  let round = 0
  try {
    for (const one of frost === undefined ? troubles(namespace) : [frozen(frost), frozenAndKilled(frost)]) {
      for (const name of Object.keys(makers).filter((action) => only.length === 0 || only.includes(action))) {
        const change = await makers[name]!(namespace, ++round)
        found.push(await meet(one, change, hand, between, kubeconfig))
        process.stdout.write(`${JSON.stringify(found.at(-1))}\n`)
        await mend(namespace)
      }
    }
    return found
  } finally {
    await between.close()
  }
}

async function meet(one: Trouble, change: Doable, hand: Hand, between: Between, kubeconfig: string): Promise<InTrouble> {
  const line = [...change.line, ...flags]
  const heard = between.changes.length
  const taken = () => between.changes.slice(heard).filter(({ status }) => status !== undefined && status < 300).length
  one.arrange(between, change)
  const killed = one.name === killedWhileFrozen
  const ran: Ran | undefined = killed
    ? void (await hand.killed(line, 1500, { passing: arrived(between) }, kubeconfig))
    : await hand.type(line, kubeconfig)
  if (killed) await sleep(9)
  between.trouble = () => undefined
  const applied = taken()
  const again = ran !== undefined && (ran.code === 0 || one.applied === 'never') ? undefined : await hand.type(line, kubeconfig)
  const unknown = unknownIn(await hand.record())
  const code = ran?.code ?? 137
  const wrong = [
    one.codes.includes(code) ? '' : `exit ${code}: ${ran?.out.slice(-300)}${ran?.err.slice(-300)}`,
    one.applied === 'never' && applied !== 0 ? 'it was applied' : '',
    one.applied === 'once' && applied !== change.writes ? `applied ${applied} of ${change.writes}` : '',
    again !== undefined && (again.code !== 0 || taken() !== change.writes)
      ? `again: exit ${again.code}, ${taken()} of ${change.writes}: ${again.err.slice(-300)}`
      : '',
    unknown > 0 ? `${unknown} unknown` : '',
  ]
  const { name, writes } = change
  return {
    trouble: one.name,
    action: name,
    code,
    applied: taken(),
    writes,
    again: again?.code,
    unknown,
    wrong: wrong.filter(Boolean).join('; '),
  }
}

/** Somebody else changes the same field meanwhile. */
async function meddle(namespace: string, { on: [kind, name] }: Doable): Promise<void> {
  const body: Readonly<Record<string, object>> = {
    deployment: { spec: { template: { metadata: { annotations: { by: `somebody ${Date.now()}` } } } } },
    service: { spec: { selector: { app: 'somebody' } } },
    networkpolicy: { spec: { egress: [{ ports: [{ port: 9 }] }] } },
    configmap: { data: { COLOUR: 'red' } },
  }
  await kubectl(['-n', namespace, 'patch', kind, name, '--type=merge', '-p', JSON.stringify(body[kind])])
}

/** The API server stands still for eight seconds while the change is on its way. */
function freezing(between: Between, { freeze, thaw }: Frost): void {
  onChange(between, async (nth) => {
    if (nth !== 1) return undefined
    await shell(freeze)
    setTimeout(() => void shell(thaw), 8000)
    return undefined
  })
}

const frozen = (frost: Frost): Trouble => ({
  name: 'API server frozen for 8 s',
  arrange: (between) => freezing(between, frost),
  codes: [0],
  applied: 'once',
})

const killedWhileFrozen = 'killed while the API server was frozen'
const frozenAndKilled = (frost: Frost): Trouble => ({
  name: killedWhileFrozen,
  arrange: (between) => freezing(between, frost),
  codes: [137],
  applied: 'either',
})

/** Comes true when a change has come by, after what was arranged for it. */
function arrived(between: Between): Promise<void> {
  const arranged = between.trouble
  return new Promise((resolve) => {
    between.trouble = async (asked) => {
      const wrong = await arranged(asked)
      if (asked.change) resolve()
      return wrong
    }
  })
}
