import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { narrowRule } from '../../src/actions/block-policy.ts'
import { limitValue, liveLimits } from '../../src/actions/limit.ts'
import type { NetworkPolicy } from '../../src/facts/kubernetes/network.ts'
import { settingTable } from '../../src/server/setting-table.ts'
import { aServerShop, settingsText as text } from './server-shop.ts'
import { aShop, namespace, ownPart, type Shop } from './shop.ts'

const file = (shop: Shop): string => shop.cluster.one('configmaps', namespace, 'checkout-live').data!['settings.yaml']!

test('block puts an address on the list of the server with its end, and waits until every pod has it in force', async () => {
  const shop = aServerShop()
  const done = await shop.run('block', 'add', '203.0.113.0/24', '--for', '1h', '--yes')
  expect(done.code).toBe(0)
  expect(done.out).toContain('blocked-addresses: 1 in force on 3 of 3 pods, 21 requests refused by the list so far')
  expect(file(shop)).toMatch(
    /^# Kept by hand\.\nrate-limit: 200 # a second\nblocked-addresses:\n {2}- 203\.0\.113\.0\/24 until 2026-03-01T13:00:\d\dZ\n$/,
  )
  const listed = await shop.run('block', 'list')
  expect(listed.out).toMatch(/address 203\.0\.113\.0\/24 until 2026-03-01T13:00:\d\dZ, \S+ left/)
  await shop.run('block', 'add', 'principal/ada', '--yes')
  expect(parse(file(shop))).toMatchObject({ 'blocked-principals': ['ada'], 'rate-limit': 200 })
  const { entries } = JSON.parse((await shop.run('block', 'list', '--json')).out)
  expect(entries).toEqual([
    { kind: 'address', who: '203.0.113.0/24', until: expect.any(String), over: false },
    { kind: 'principal', who: 'ada', over: false },
  ])
})

test('block again takes the new end, drops entries that are over, and remove and undo take it off', async () => {
  const shop = aServerShop(`${text}blocked-addresses: [203.0.113.9, 198.51.100.7 until 2026-01-01T00:00:00Z]\n`)
  const before = file(shop)
  expect((await shop.run('block', 'add', '203.0.113.9', '--for', '30m', '--yes')).code).toBe(0)
  expect(parse(file(shop))['blocked-addresses']).toEqual([expect.stringMatching(/^203\.0\.113\.9 until 2026-03-01T12:30/)])
  expect((await shop.run('undo', '--yes')).code).toBe(0)
  expect(file(shop)).toBe(before)
  expect((await shop.run('block', 'remove', '203.0.113.9', '--yes')).code).toBe(0)
  expect(parse(file(shop))).toEqual({ 'rate-limit': 200 })
  expect((await shop.run('block', 'remove', '203.0.113.9', '--yes')).out).toContain('is not on the block list')
})

test('an entry that would shut out more than is meant is objected to', async () => {
  const shop = aServerShop()
  const pod = shop.cluster.all('pods').find((one) => one.metadata.name === 'caller')!
  pod.status!.podIP = '10.0.0.77'
  const stopped = await shop.run('block', 'add', '10.0.0.77', '--yes')
  expect([stopped.code, stopped.out]).toEqual([7, expect.stringContaining('pod shop/caller has such an address')])
  expect((await shop.run('block', 'add', '0.0.0.0/0', '--yes')).out).toContain('is every address')
  expect((await shop.run('block', 'add', 'principal/anonymous', '--yes')).code).toBe(7)
  expect((await shop.run('block', 'add', '10.0.0.77', '--yes', '--despite', 'blocks_pod')).code).toBe(0)
})

test('block says where the address that is seen is not the own one of the caller', async () => {
  const shop = aServerShop(text, ({ cluster }) => {
    cluster.put('services', {
      metadata: { name: 'checkout', namespace },
      spec: { type: 'LoadBalancer', selector: { app: 'checkout' }, ports: [{ port: 80, targetPort: 'http' }] },
    })
  })
  expect((await shop.run('block', 'add', '203.0.113.9', '--dry-run')).err).toContain('has the address of a node here, not the own one')
})

test('without a settings file, and for what is no address, block says what can be done', async () => {
  const shop = aShop()
  const none = await shop.run('block', 'add', '203.0.113.9', '--yes')
  expect([none.code, none.err]).toEqual([2, expect.stringMatching(/reads no settings file.*--by policy/)])
  const open = await shop.run('block', 'add', '203.0.113.9', '--by', 'policy', '--yes')
  expect(open.err).toContain('no NetworkPolicy selects the pods of deployment/checkout, so everybody is let in, and none can be narrowed')
  expect((await shop.run('block', 'add', 'ada', '--yes')).err).toContain('principal/NAME')
  expect((await shop.run('block', 'add', 'principal/ada', '--by', 'policy', '--yes')).err).toContain(
    'a NetworkPolicy knows addresses, and no principals',
  )
})

test('by policy every rule that lets the address in is narrowed, and undo brings the rules back', async () => {
  const shop = aShop()
  const put = (name: string, ingress: NetworkPolicy['spec']['ingress']) =>
    shop.cluster.put('networkpolicies', {
      metadata: { name, namespace },
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: ingress! },
    })
  put('open', [{ ports: [{ port: 'http' }] }])
  put('office', [{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }, { podSelector: {} }] }])
  put('inside', [{ from: [{ podSelector: {} }] }])
  const own = () => shop.cluster.all('networkpolicies').map(ownPart)
  const before = own()
  const done = await shop.run('block', 'add', '203.0.113.9', '--by', 'policy', '--for', '1h', '--yes')
  expect(done.code).toBe(0)
  expect(done.err).toContain('a NetworkPolicy has no clock')
  expect(done.err).toContain('is not proven')
  const rules = Object.fromEntries(shop.cluster.all('networkpolicies').map((one) => [one.metadata.name, one.spec.ingress]))
  expect(rules.open).toEqual([
    {
      ports: [{ port: 'http' }],
      from: [{ namespaceSelector: {} }, { ipBlock: { cidr: '0.0.0.0/0', except: ['203.0.113.9/32'] } }, { ipBlock: { cidr: '::/0' } }],
    },
  ])
  expect(rules.office).toEqual([{ from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.9/32'] } }, { podSelector: {} }] }])
  expect(rules.inside).toEqual([{ from: [{ podSelector: {} }] }])
  expect((await shop.run('block', 'add', '203.0.113.9', '--by', 'policy', '--yes')).out).toContain(
    'no rule of the policies on deployment/checkout lets 203.0.113.9 in',
  )
  expect((await shop.run('undo', '--yes')).code).toBe(0)
  expect(own()).toEqual(before)
})

test('a rule that only the address was in goes, because a rule without peers lets everybody in', () => {
  expect(narrowRule({ from: [{ ipBlock: { cidr: '203.0.113.9/32' } }] }, '203.0.113.0/24')).toEqual([])
  const narrowed = { from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.0/28'] } }] }
  expect(narrowRule(narrowed, '203.0.113.9')).toEqual([narrowed])
  expect(narrowRule(narrowed, '203.0.113.0/25')).toEqual([{ from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.0/25'] } }] }])
  expect(narrowRule({}, '2001:db8::/32')[0]!.from).toContainEqual({ ipBlock: { cidr: '::/0', except: ['2001:db8::/32'] } })
})

test('limit changes a number in the file and is verified by what the pods say, and undo brings the text back', async () => {
  const shop = aServerShop()
  const done = await shop.run('limit', 'rate-limit', '50', '--yes')
  expect([done.code, done.out]).toEqual([0, expect.stringContaining('rate-limit: 50 in force on 3 of 3 pods')])
  expect(file(shop)).toBe('# Kept by hand.\nrate-limit: 50 # a second\n')
  expect((await shop.run('limit', 'rate-limit', '50', '--yes')).out).toContain('is 50 in the file already')
  expect((await shop.run('undo', '--yes')).code).toBe(0)
  expect(file(shop)).toBe(text)
})

test('limit that no pod takes is not verified: exit 6, and --auto-undo takes it back', async () => {
  const shop = aServerShop()
  shop.cluster.denied.add('patch pods')
  const late = await shop.run('limit', 'max-streams', '20', '--wait', '20s', '--yes', '--auto-undo')
  expect(late.code).toBe(6)
  expect(late.err).toContain('pods cannot be told to look now')
  expect(late.out).toContain('it was taken back')
  expect(file(shop)).toBe(text)
})

test('a variable that wins over the file is a gate, and names of limits are checked', async () => {
  const shop = aServerShop(text, ({ release }) =>
    release((deployment) => {
      deployment.spec.template.spec.containers[0]!.env!.push({ name: 'TASK_MCP_RATE_LIMIT', value: '10' })
    }),
  )
  const stopped = await shop.run('limit', 'rate-limit', '50', '--yes')
  expect([stopped.code, stopped.out]).toEqual([3, expect.stringContaining('TASK_MCP_RATE_LIMIT in container web wins over the file')])
  expect((await shop.run('limit', 'rate-limits', '50', '--yes')).err).toContain('did you mean rate-limit?')
  expect((await shop.run('limit', 'rate-limit', 'many', '--yes')).err).toContain('rate-limit is no "many"')
  const closes = await shop.run('limit', 'max-in-flight', '0', '--yes')
  expect([closes.code, closes.out]).toEqual([7, expect.stringContaining('lets nobody through')])
})

test('the limits are those that the server takes while it runs', () => {
  const hot = settingTable
    .filter((row) => row.hot && ['number', 'bytes', 'duration'].includes(row.kind))
    .map(({ name, kind }) => [name, kind])
  expect(liveLimits).toEqual(Object.fromEntries(hot))
  expect([limitValue('bytes', '2MiB'), limitValue('duration', '500ms'), limitValue('number', '1.5')]).toEqual([
    2 * 1024 * 1024,
    0.5,
    undefined,
  ])
})
