/** Commands to paste: only with what the facts prove, and only where they would work. */
import { expect, test } from 'vitest'
import { type Change, healthy } from '../support/snapshot.ts'
import { always, change, edited, fails, gone, measured, metric, startedAgain, waits } from '../support/snapshot-changes.ts'
import { codesOf, verdictOf } from './causes/case.ts'
import { cases as attacks } from './causes/cases/attacks.ts'

const live = always((_, main) => void main.env!.push({ name: 'TASK_MCP_SETTINGS', value: '/etc/live/settings.yaml' }))
const guessed = attacks.find((c) => c.code === 'brute_force')!
const first = (runbook: string, ...changes: readonly Change[]) => verdictOf(healthy(...changes), runbook).causes[0]!.remedies[0]!

test('an address that the log names is blocked by a command where the service reads a list of its own, else by a person', () => {
  expect(first('security-incidents', ...guessed.fault, live)).toMatchObject({
    action: 'block',
    command: 'task-mcp block add 192.0.2.1 --for 1h -n north',
  })
  expect(first('security-incidents', ...guessed.fault).command).toMatch(/^kubectl /)
})

test('a limit of streams is doubled where memory has the room, and left to a person where it has not', () => {
  const full = [measured('streams', 20), measured('streams_limit', 20), metric('streams_closed', [{ reason: 'client' }, 30]), live]
  expect(first('streaming-issues', ...full).command).toBe('task-mcp limit max-streams 40 -n north')
  expect(first('streaming-issues', ...full, measured('memory', 200 * 2 ** 20)).command).toMatch(/^kubectl /)
})

test('what this tool wrote into a ConfigMap is an action and no change that broke something', () => {
  const since = (by: string) => [edited('configmaps', 'kestrel-settings', 8, by), startedAgain(7), fails(0.3, 'all', { minutes: 7 })]
  expect(codesOf(verdictOf(healthy(...since('kubectl-edit'))))).toEqual(['config_change'])
  expect(codesOf(verdictOf(healthy(...since('task-mcp'))))).toEqual([])
})

test('a ConfigMap is restored by a command where the cluster proves an earlier value, else by a person; a Secret always by a person', () => {
  const config = 'CreateContainerConfigError'
  const wants = (what: string) => waits(config, what, 0)
  const applied = change('configmaps', 'kestrel-settings', (object) => {
    object.metadata.managedFields![0]!.manager = 'kubectl-client-side-apply'
  })
  const noKey = wants("couldn't find key level in ConfigMap north/kestrel-settings")
  expect(first('service-downtime', applied, edited('configmaps', 'kestrel-settings', 8), noKey)).toMatchObject({
    action: 'config',
    command: 'task-mcp config-restore configmap/kestrel-settings -n north',
  })
  expect(first('service-downtime', edited('configmaps', 'kestrel-settings', 8), noKey).command).toBe(
    'kubectl edit configmap kestrel-settings -n north',
  )
  // What was applied last is what is wrong: going back to it changes nothing.
  const again = edited('configmaps', 'kestrel-settings', 8, 'kubectl-client-side-apply')
  expect(first('service-downtime', applied, again, noKey).action).toBe('manual')
  const secret = [gone('secrets', 'kestrel-keys'), wants('secret "kestrel-keys" not found')]
  expect(first('service-downtime', ...secret)).toMatchObject({ action: 'manual', command: 'kubectl get secrets -n north' })
})
