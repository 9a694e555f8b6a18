/** What a user meets around each action: the dry run, no --yes, no rights, and plan files that may not be applied. */
import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { readOwnKey } from '../../../src/actions/keys.ts'
import { type Ran, sleep } from '../../cluster/kubectl.ts'
import { serveCluster } from '../../support/api-server.ts'
import { aShop } from '../shop.ts'
import { anAccount } from './account.ts'
import { type Doable, makers, mend, whole } from './changes.ts'
import { aHand, aTarget, type Hand, targetSettings } from './hand.ts'

export interface Asked {
  what: string
  action: string
  codes: number[]
  /** The last words of it. */
  said: string
  wrong: string
}

const quick = ['--wait', '0s', '--observe', '0s', '--despite', 'gate']

/** All of it on the cluster of KUBECONFIG, in a namespace of its own. */
export async function asked(namespace: string): Promise<Asked[]> {
  await aTarget(namespace)
  const hand = await aHand(targetSettings(namespace, 'other'))
  const found: Asked[] = []
  const add = (what: string, action: string, ran: readonly Ran[], ...wrong: string[]): void => {
    const said = ran.map(({ out, err }) => last(out) || last(err)).at(-1) ?? ''
    found.push({ what, action, codes: ran.map(({ code }) => code), said, wrong: wrong.filter(Boolean).join('; ') })
    process.stdout.write(`${JSON.stringify(found.at(-1))}\n`)
  }
  let round = 0
  for (const make of Object.values(makers)) {
    const change = await make(namespace, ++round)
    const before = await whole(namespace)
    const same = async (): Promise<string> => ((await whole(namespace)) === before ? '' : 'something was changed')

    const dry = await hand.type([...change.line, '--dry-run', ...quick])
    add('--dry-run', change.name, [dry], expected(dry, 0, /nothing was changed/), await same())

    const alone = await hand.type([...change.line, ...quick])
    const typed = /^\s*(task-mcp .*--yes)\s*$/m.exec(alone.out)?.[1]
    add(
      'no --yes, no terminal',
      change.name,
      [alone],
      expected(alone, 7, /without a terminal --yes is needed/),
      await same(),
      typed === undefined ? 'no command to paste' : '',
    )

    if (typed !== undefined) {
      const pasted = await hand.type(typed.split(/\s+/).slice(1))
      add('the printed command pasted', change.name, [pasted], expected(pasted, 0, /applied/))
    }
    await mend(namespace)

    const refused = await make(namespace, ++round)
    const refusals = await untilAllowed(namespace, hand, refused)
    add('as many rights as the refusals named', change.name, refusals.ran, refusals.wrong)
    await mend(namespace)
  }
  await shippedRoles(namespace, hand, add)
  await onPaper(namespace, hand, add)
  return found
}

const last = (text: string): string => text.trim().split('\n').slice(-2).join(' | ').slice(0, 300)
const expected = (ran: Ran, code: number, said: RegExp): string =>
  ran.code === code && said.test(`${ran.out}${ran.err}`.replace(/\s+/g, ' ')) ? '' : `exit ${ran.code}: ${last(ran.out)} ${last(ran.err)}`

/** Somebody who may only look is refused, and grants what the refusal names, until it is allowed: that must be the operator's rules and no others. */
async function untilAllowed(namespace: string, hand: Hand, change: Doable): Promise<{ ran: Ran[]; wrong: string }> {
  const account = await anAccount(namespace, `looks-${change.name}`, ['reader'], path.join(hand.folder, `looks-${change.name}`))
  const allowed = await operatorRules()
  const before = await whole(namespace)
  const ran: Ran[] = []
  for (let turn = 0; turn < 5; turn++) {
    ran.push(await hand.type([...change.line, '--yes', ...quick], account.kubeconfig))
    const { code, err } = ran.at(-1)!
    if (code === 0) return { ran, wrong: turn === 0 ? 'a reader may change it' : '' }
    const rule = /- apiGroups:.*\n\s*resources:.*\n\s*verbs:.*/.exec(err)?.[0]
    if (code !== 4 || rule === undefined) return { ran, wrong: `exit ${code}, no rule: ${last(err)}` }
    if (change.writes === 1 && (await whole(namespace)) !== before) return { ran, wrong: 'refused, and something was changed' }
    const [parsed] = parse(rule.replace(/\n\s+/g, '\n  ')) as [Rule]
    for (const one of flat(parsed)) if (!allowed.has(one)) return { ran, wrong: `${one} is not in the operator Role` }
    await account.grant(parsed)
    await sleep(1)
  }
  return { ran, wrong: 'still refused after five rules' }
}

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
}

const flat = ({ apiGroups, resources, verbs }: Rule): string[] =>
  apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)))

async function operatorRules(): Promise<Set<string>> {
  const text = await readFile(new URL('../../../deploy/rbac/namespace/operator.yaml', import.meta.url), 'utf8')
  return new Set((parse(text.split('\n---')[0]!) as { rules: Rule[] }).rules.flatMap(flat))
}

type Add = (what: string, action: string, ran: readonly Ran[], ...wrong: string[]) => void

/** Whoever has the two shipped Roles can do everything, and is told of nothing that could not be done. */
async function shippedRoles(namespace: string, hand: Hand, add: Add): Promise<void> {
  const { kubeconfig } = await anAccount(namespace, 'operates', ['reader', 'operator'], path.join(hand.folder, 'operates'))
  let round = 100
  for (const make of Object.values(makers)) {
    const change = await make(namespace, ++round)
    const done = await hand.type([...change.line, '--yes', ...quick], kubeconfig)
    const back = await hand.type(['undo', '--yes', ...quick], kubeconfig)
    const denied = /may not \w+.*/.exec(`${done.err}${back.err}`)?.[0] ?? ''
    add('with the shipped Roles', change.name, [done, back], expected(done, 0, /applied/), expected(back, 0, /applied/), denied)
    await mend(namespace)
  }
}

/** Plans that were changed, are over, are for another cluster, nobody approved, were applied before, or whose object moved on. */
async function onPaper(namespace: string, hand: Hand, add: Add): Promise<void> {
  const keys = Object.fromEntries(
    ['ada', 'bob'].map((name) => [name, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()]),
  )
  const at = (name: string): string => path.join(hand.folder, name)
  for (const [name, key] of Object.entries(keys)) await writeFile(at(`${name}.pem`), key, { mode: 0o600 })
  await writeFile(
    at('signers'),
    Object.entries(keys)
      .map(([name, key]) => `${name} ${readOwnKey(key, name).public}\n`)
      .join(''),
  )
  const settings = { ...targetSettings(namespace), approval: { signers: at('signers') } }
  await writeFile(at('task-mcp.yaml'), JSON.stringify(settings))
  const made = async (file: string, ...more: string[]): Promise<void> => {
    const planned = await hand.type(['restart', '--plan-out', at(file), '--sign-with', at('ada.pem'), ...quick, ...more])
    if (planned.code !== 0) throw new Error(`no plan: ${planned.out}${planned.err}`)
  }
  const approve = (file: string): Promise<Ran> => hand.type(['approve', at(file), '--key', at('bob.pem'), '--yes'])
  const apply = (file: string, kubeconfig?: string): Promise<Ran> =>
    hand.type(['restart', '--plan', at(file), '--yes', ...quick], kubeconfig)
  const before = await whole(namespace)
  const same = async (): Promise<string> => ((await whole(namespace)) === before ? '' : 'something was changed')

  const alone = await hand.type(['restart', '--yes', ...quick])
  add('a second person is needed, --yes alone', 'restart', [alone], expected(alone, 7, /two people are needed/), await same())

  await made('early.plan')
  const early = await apply('early.plan')
  add('plan that nobody approved', 'restart', [early], expected(early, 4, /nobody has approved/), await same())

  await made('over.plan', '--valid-for', '2s')
  const approved = await approve('over.plan')
  await sleep(3)
  const over = await apply('over.plan')
  add('plan that is over', 'restart', [approved, over], expected(over, 6, /was good until .*, which is over/), await same())

  await made('changed.plan')
  await approve('changed.plan')
  const text = JSON.parse(await readFile(at('changed.plan'), 'utf8'))
  text.plan.writes[0].ref.name = 'another'
  await writeFile(at('changed.plan'), JSON.stringify(text))
  const changed = await apply('changed.plan')
  add('plan that was changed', 'restart', [changed], expected(changed, 4, /was changed after ada signed it/), await same())

  await made('elsewhere.plan')
  await approve('elsewhere.plan')
  const { cluster } = aShop()
  cluster.put('namespaces', { metadata: { name: 'kube-system', uid: 'another-cluster' } })
  const other = await serveCluster(cluster)
  await writeFile(at('other'), other.kubeconfig)
  const elsewhere = await apply('elsewhere.plan', at('other')).finally(other.close)
  add('plan for another cluster', 'restart', [elsewhere], expected(elsewhere, 4, /for another cluster/), await same())

  await made('good.plan')
  await approve('good.plan')
  const good = await apply('good.plan')
  const twice = await apply('good.plan')
  add(
    'plan approved and applied, then again',
    'restart',
    [good, twice],
    expected(good, 0, /planned by ada, approved by bob/),
    expected(twice, 6, /applied before/),
  )

  await made('moved.plan')
  await approve('moved.plan')
  await makers.rollback!(namespace, 999)
  const moved = await apply('moved.plan')
  add(
    'plan whose object moved on',
    'restart',
    [moved],
    expected(moved, 6, /no longer what the plan was made from|has changed since the plan/),
  )
}
