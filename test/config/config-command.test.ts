import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { schemaText, settingsTables, withPart } from '../../scripts/settings-docs.ts'
import { exitMeanings } from '../../src/commands/help.ts'
import { variableOf } from '../../src/config/setting-row.ts'
import { settingTable } from '../../src/config/table.ts'
import { aWorld, cli } from '../support/world.ts'

const root = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

describe('task-mcp config', () => {
  const world = () =>
    aWorld({
      files: {
        '/project/task-mcp.yaml':
          'prometheus:\n  url: https://kim:hunter2@prom.example.com\n  headers: { Authorization: Bearer canary-token }\nservice: { deployment: checkout, selector: { app: checkout } }\n',
      },
      env: { TASK_MCP_TIMEOUT: '90' },
    })

  test('every setting, its value, and who said it', async () => {
    const { code, out } = await cli(world())('config', '-n', 'shop')
    expect(code).toBe(0)
    expect(out).toMatch(/^settings file: \/project\/task-mcp\.yaml$/m)
    expect(out).toMatch(/^service\.namespace +shop +--namespace$/m)
    expect(out).toMatch(/^service\.workload +checkout +task-mcp\.yaml:4$/m)
    expect(out).toMatch(/^service\.selector +app=checkout +task-mcp\.yaml:4$/m)
    expect(out).toMatch(/^service\.service +checkout +default: same as service\.workload$/m)
    expect(out).toMatch(/^timeout +1m30s +TASK_MCP_TIMEOUT$/m)
    for (const row of settingTable) expect(out).toContain(`\n${row.path} `)
  })

  test('never shows a secret', async () => {
    for (const argv of [['config'], ['config', '--json'], ['config', 'prometheus.headers'], ['config', 'prometheus.url']]) {
      const { out } = await cli(world())(...argv)
      expect(out).not.toContain('canary-token')
      expect(out).not.toContain('hunter2')
    }
    expect((await cli(world())('config', 'prometheus.headers')).out).toBe('Authorization=(not shown)\n')
  })

  test('as JSON', async () => {
    const { out } = await cli(world())('config', '--json')
    const answer = JSON.parse(out) as { file: string; settings: { path: string; value: unknown; origin: unknown }[] }
    expect(answer.file).toBe('/project/task-mcp.yaml')
    expect(answer.settings.map(({ path }) => path)).toEqual(settingTable.map(({ path }) => path))
    expect(answer.settings).toContainEqual({ path: 'timeout', value: 90, origin: { from: 'environment', variable: 'TASK_MCP_TIMEOUT' } })
    expect(answer.settings).toContainEqual({ path: 'service.container', value: null, origin: { from: 'default' } })
  })

  test('one value for scripts, and a hint for a slip', async () => {
    expect((await cli(world())('config', 'service.workload')).out).toBe('checkout\n')
    expect((await cli(world())('config', 'service.deployment')).out).toBe('checkout\n')
    const r = await cli(world())('config', 'service.worklaod')
    expect(r.code).toBe(2)
    expect(r.err).toContain('did you mean service.workload?')
  })
})

describe('what is made from the table', () => {
  test('schemas/task-mcp.schema.json is up to date (npm run generate)', () => {
    expect(read('schemas/task-mcp.schema.json')).toBe(schemaText())
  })

  test('docs/configuration.md is up to date (npm run generate)', () => {
    const document = read('docs/configuration.md')
    expect(document).toBe(withPart(document, 'settings', settingsTables()))
  })

  test('no two settings share a variable, and none has a name that Kubernetes puts into pods beside a Service called task-mcp or task-mcp-http', () => {
    const variables = settingTable.flatMap((row) => variableOf(row) ?? [])
    expect(new Set(variables).size).toBe(variables.length)
    for (const variable of variables) expect(variable).not.toMatch(/^TASK_MCP_(HTTP_)?(SERVICE_(HOST|PORT)|PORT)/)
  })

  test('the schema and the reader agree about good and bad files', async () => {
    const valid = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(schemaText()))
    const example = /```yaml\n([\s\S]*?)```/.exec(read('docs/configuration.md'))![1]!
    for (const [yaml, good] of [
      [example, true],
      ['timeout: 5\n', true],
      ['timeout: 5m\n', true],
      ['timeout: soon\n', false],
      ['service: { kind: Job }\n', false],
      ['service: { port: 70000 }\n', false],
      ['service: { workloda: x }\n', false],
      ['service: { container: }\n', true],
      ['service: { dependencies: [{ host: x }] }\n', false],
      ['thresholds: { errorRatio: 5% }\n', true],
      ['thresholds: { errorRatio: 5 }\n', false],
      ['prometheus: { url: ftp://x }\n', false],
    ] as const) {
      expect(valid(parse(yaml)), `schema: ${yaml}`).toBe(good)
      const r = await cli(aWorld({ files: { '/project/task-mcp.yaml': yaml } }))('config')
      expect(r.code, `reader: ${yaml}${r.err}`).toBe(good ? 0 : 2)
    }
  })

  test('docs/exit-codes.md has the codes and meanings of the help', () => {
    const rows = [...read('docs/exit-codes.md').matchAll(/^\| (\d+) \| ([^|]+) \|/gm)].map((match) => [match[1], match[2]])
    expect(rows).toEqual(Object.entries(exitMeanings))
  })
})
