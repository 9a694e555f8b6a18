/** Which remedies `fix` may take by itself. */
import { expect, test } from 'vitest'
import { actingFor } from '../../src/commands/remedy.ts'
import type { Settings } from '../../src/settings.ts'

const settings = { service: { namespace: 'shop', kind: 'Deployment', workload: 'checkout', service: 'checkout' } } as Settings
const acted = async (line: string) => (await actingFor(line.split(' '), settings, {} as never))?.name

test.each([
  ['task-mcp restart -n shop', 'restart'],
  ['task-mcp config-restore configmap/checkout -n shop', 'config-restore'],
  ['task-mcp config-restore secret/checkout -n shop', undefined],
  ['kubectl describe secret checkout -n shop', undefined],
])('%s: %s', async (line, name) => {
  expect(await acted(line)).toBe(name)
})
