import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { dashboardFiles } from '../../scripts/dashboards.ts'
import { createMetrics } from '../../src/server/telemetry/metrics.ts'
import { dashboards } from '../../src/slo/dashboards.ts'
import { program, run } from './programs.ts'

const panels = dashboards.flatMap(({ name, panels: some }) => some.map((panel) => ({ name: `${name}: ${panel.title}`, ...panel })))
const expressions = panels.flatMap(({ name, queries }) =>
  queries.map(([, expr]) => ({ name, expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'task-mcp-http') })),
)

test.each(Object.entries(dashboardFiles()))('deploy/grafana/%s is what the script writes', (name, content) => {
  expect(readFileSync(`deploy/grafana/${name}`, 'utf8') === content, 'run node scripts/dashboards.ts and commit what it writes').toBe(true)
})

test('every panel has a unit and a description, and every dashboard a runbook that is shipped', () => {
  for (const { name, unit, description } of panels) expect(unit.length * description.length, name).toBeGreaterThan(0)
  expect(dashboards.filter(({ runbook }) => !existsSync(`runbooks/${runbook}.md`))).toEqual([])
})

test('every series that a panel asks for is one that the server exports or a rule records', async () => {
  const metrics = createMetrics(
    { tools: ['t'], methods: ['m'], storeOperations: ['o'], checks: ['ready'], dependencies: ['d'] },
    { version: '1', revision: 'r' },
  )
  const exported = new Set([...(await metrics.scrape()).text.matchAll(/^([a-z_]+)\{?/gm)].map(([, name]) => name))
  const rules = readFileSync('deploy/prometheus/rules.yaml', 'utf8')
  for (const { name, expr } of expressions)
    for (const [, series] of expr.matchAll(/([a-z_:0-9]+)\{/g))
      expect(exported.has(series!) || rules.includes(`record: ${series}\n`), `${name}: ${series}`).toBe(true)
})

const promtool = program('promtool')
test.skipIf(!promtool)('promtool parses every expression', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'panels-'))
  try {
    writeFileSync(
      join(folder, 'panels.yaml'),
      stringify({ groups: [{ name: 'panels', rules: expressions.map(({ expr }, index) => ({ record: `panel:${index}`, expr })) }] }),
    )
    expect(run(promtool!, ['check', 'rules', 'panels.yaml'], folder)).toMatchObject({ code: 0 })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
