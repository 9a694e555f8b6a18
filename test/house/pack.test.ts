/** The package as npm would publish it: packed, installed into an empty folder, and run from there. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const execute = promisify(execFile)

let folder: string
let packed: { version: string; files: { path: string }[] }

/** Run something in the other folder, with nothing from here in its way. */
async function there(command: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: `${path.join(folder, 'node_modules/.bin')}:${path.dirname(process.execPath)}:${process.env.PATH}`, HOME: folder }
  try {
    const { stdout, stderr } = await execute(command, args, { cwd: folder, env })
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'task-mcp-'))
  const { stdout } = await execute('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root, maxBuffer: 64 * 1024 * 1024 })
  const answer = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as unknown
  packed = (Array.isArray(answer) ? answer[0] : Object.values(answer as object)[0]) as typeof packed
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }')
  await execute('npm', ['install', '--offline', '--no-audit', '--no-fund', `./task-mcp-${packed.version}.tgz`], { cwd: folder })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the installed package', () => {
  test('is the only one: it needs no other', async () => {
    expect((await readdir(path.join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual(['task-mcp'])
  })

  test('has what a user needs and nothing of the workshop', () => {
    const files = packed.files.map((file) => file.path)
    for (const needed of [
      'bin/task-mcp.js',
      'dist/start.js',
      'dist/LICENSES.txt',
      'schemas/task-mcp.schema.json',
      'docs/exit-codes.md',
      'LICENSE',
      'package.json',
    ])
      expect(files).toContain(needed)
    expect(files.filter((file) => /^(src|test|bench|scripts|node_modules|\.ci)\//.test(file))).toEqual([])
  })

  test('says its version and its help, as task-mcp and as kubectl-task_mcp', async () => {
    expect(await there('task-mcp', '--version')).toEqual({ code: 0, out: `task-mcp ${packed.version}\n`, err: '' })
    const help = await there('task-mcp', '--help')
    expect(help).toMatchObject({ code: 0, err: '' })
    expect(help.out).toContain('Usage: task-mcp <command>')
    expect((await there('kubectl-task_mcp', '--help')).out).toBe(help.out)
  })

  test('is a plugin of kubectl', async ({ skip }) => {
    if ((await there('kubectl', 'version', '--client')).code !== 0) skip('no kubectl here')
    expect(await there('kubectl', 'task-mcp', '--version')).toEqual({ code: 0, out: `task-mcp ${packed.version}\n`, err: '' })
    expect((await there('kubectl', 'task-mcp', 'confg')).code).toBe(2)
  })

  test('runs a command, reads a settings file, and refuses a slip', async () => {
    await writeFile(path.join(folder, 'task-mcp.yaml'), 'service: { workload: checkout }\n')
    expect(await there('task-mcp', 'config', 'service.workload')).toEqual({ code: 0, out: 'checkout\n', err: '' })
    expect(await there('task-mcp', 'config', '--jsn')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('did you mean --json?'),
    })
  })

  test('every part of the build can be loaded', async () => {
    const dist = path.join(folder, 'node_modules/task-mcp/dist')
    const parts = (await readdir(dist)).filter((file) => file.endsWith('.js') && file !== 'start.js')
    expect(parts.length).toBeGreaterThan(5)
    const script = `for (const part of ${JSON.stringify(parts)}) await import(${JSON.stringify(`file://${dist}/`)} + part); process.exit()`
    expect(await there(process.execPath, '--input-type=module', '-e', script)).toEqual({ code: 0, out: '', err: '' })
  })

  test('--help reads four files of ours at most, and none of a library', async () => {
    const dist = path.join(folder, 'node_modules/task-mcp/dist')
    const seen = new Set<string>()
    const visit = async (file: string) => {
      if (seen.has(file)) return
      seen.add(file)
      const text = await readFile(path.join(dist, file), 'utf8')
      expect(text, `${file} carries a library`).not.toMatch(/^\s*\/\/ node_modules\//m)
      for (const [, next] of text.matchAll(/^import (?:[^'"]*? from )?["']\.\/([^"']+)["']/gm)) await visit(next!)
    }
    await visit('start.js')
    expect(seen.size).toBeLessThanOrEqual(4)
  })
})

test('package.json asks for exact versions, and bundles what it uses', async () => {
  const about = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Record<string, Record<string, string>>
  expect(about.dependencies ?? {}, 'everything is bundled: npm install --save-dev --save-exact').toEqual({})
  for (const [name, version] of Object.entries(about.devDependencies!)) expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
})
