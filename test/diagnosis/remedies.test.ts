/** Commands to paste: only with what the facts prove, and only where they would work. */
import { expect, test } from 'vitest'
import { type Change, healthy } from '../support/snapshot.ts'
import { always, edited, fails, measured, metric, startedAgain } from '../support/snapshot-changes.ts'
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
