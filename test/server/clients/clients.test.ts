/** A live `task-mcp serve` and the clients that people have: the bridge of desktop programs, and the inspector's command line. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ResourceListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { aFolder, aServer } from '../a-server.ts'

const bin = process.env.TEST_CLIENTS ?? ''
const token = 'canary-ada-token'
const root = path.join(import.meta.dirname, '../../..')

describe.skipIf(bin === '')('real clients (npm run test:clients)', () => {
  let home = ''
  let server: ChildProcess
  let url = ''

  beforeAll(async () => {
    home = mkdtempSync(path.join(tmpdir(), 'task-mcp-clients-'))
    server = spawn(
      process.execPath,
      [path.join(root, 'src/start.ts'), 'serve', '--port', '0', '--database-path', path.join(home, 'tasks.db')],
      { env: { ...process.env, TASK_MCP_TOKENS: `ada=${token}` }, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    for await (const line of createInterface({ input: server.stdout! })) {
      const said = JSON.parse(line)
      if (said.msg !== 'listening') continue
      url = said.url
      break
    }
    server.stdout!.resume()
  })
  afterAll(async () => {
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    await ended
    rmSync(home, { recursive: true })
  })

  describe('mcp-remote, over stdio', () => {
    const bridged = async () => {
      const own = aFolder()
      const headers = path.join(own, 'headers')
      writeFileSync(headers, `Authorization: Bearer ${token}\n`, { mode: 0o600 })
      const client = new Client({ name: 'a desktop program', version: '1' })
      await client.connect(
        new StdioClientTransport({
          command: process.execPath,
          args: [path.join(bin, 'mcp-remote'), url, '--header-file', headers, '--transport', 'http-only'],
          env: { HOME: own, MCP_REMOTE_CONFIG_DIR: own, PATH: process.env.PATH ?? '' },
          stderr: 'pipe',
        }),
      )
      onTestFinished(() => client.close())
      return client
    }

    test('an agent does a task from beginning to end, and hears of it', async () => {
      const client = await bridged()
      const heard: string[] = []
      client.setNotificationHandler(ResourceListChangedNotificationSchema, ({ method }) => void heard.push(method))
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('claim_task')
      const call = async (name: string, input: object) =>
        (await client.callTool({ name, arguments: { ...input } })).structuredContent as Record<string, Record<string, string>>
      const { task } = await call('create_task', { title: 'Over the bridge', labels: ['bridge'] })
      await expect.poll(() => heard).toEqual(['notifications/resources/list_changed'])
      const { claim } = await call('claim_task', { label: 'bridge' })
      expect(await call('complete_task', { id: task?.id, claimId: claim?.id })).toMatchObject({
        task: { status: 'completed', createdBy: 'ada' },
      })
      const [contents] = (await client.readResource({ uri: `task://${task?.id}` })).contents
      expect(JSON.parse((contents as { text: string }).text).status).toBe('completed')
      expect((await client.getPrompt({ name: 'plan_tasks', arguments: { goal: 'a party' } })).messages).toHaveLength(1)
      await expect(client.callTool({ name: 'get_task', arguments: { ident: 'x' } })).rejects.toThrow(/must have required property 'id'/)
      expect(await client.callTool({ name: 'get_task', arguments: { id: 'task_none' } })).toMatchObject({ isError: true })
    })

    test('progress comes through, and a call that is given up leaves the bridge usable', async () => {
      const client = await bridged()
      const ids: string[] = []
      for (let part = 0; part < 5; part++) {
        const made = await client.callTool({ name: 'create_tasks', arguments: { tasks: Array(100).fill({ title: 'one of many' }) } })
        ids.push(...(made.structuredContent as { tasks: Array<{ id: string }> }).tasks.map(({ id }) => id))
      }
      const heard: number[] = []
      const { structuredContent } = await client.callTool(
        { name: 'change_tasks', arguments: { changes: ids.map((id) => ({ id, action: 'complete' })) } },
        undefined,
        { onprogress: ({ progress }) => void heard.push(progress) },
      )
      expect(structuredContent).toMatchObject({ done: 500 })
      // The library forgets progress that it reads together with the answer.
      expect(heard[0]).toBe(50)
      const leave = new AbortController()
      const given = client.callTool({ name: 'export_tasks', arguments: {} }, undefined, { signal: leave.signal })
      leave.abort()
      await expect(given).rejects.toThrow()
      expect((await client.listPrompts()).prompts).toHaveLength(3)
    })
  })

  describe.each(['legacy', 'modern'])('the inspector, %s era', (era) => {
    const inspect = (bearer: string, ...args: string[]) => inspector(url, era, bearer, ...args)
    const answer = async (...args: string[]) => {
      const { code, said, complained } = await inspect(token, ...args)
      expect(code, complained).toBe(0)
      return JSON.parse(said)
    }

    test('finds no fault with the schemas of the tools', async () => {
      const { code, said, complained } = await inspect(token, 'tools/list', '--strict')
      expect(code, complained).toBe(0)
      expect(JSON.parse(said).tools.length).toBeGreaterThan(15)
    })

    test('calls a tool, reads what it made, and is told what is wrong', async () => {
      const made = await answer('tools/call', '--tool-name', 'create_task', '--tool-args-json', '{"title":"Inspected","labels":["seen"]}')
      const { id } = made.structuredContent.task
      const { contents } = await answer('resources/read', '--uri', `task://${id}`)
      expect(JSON.parse(contents[0].text)).toMatchObject({ id, labels: ['seen'], createdBy: 'ada' })
      expect((await answer('resources/list')).resources.map(({ uri }: { uri: string }) => uri)).toContain(`task://${id}`)
      expect((await answer('prompts/list')).prompts).toHaveLength(3)
      const refused = await inspect(token, 'tools/call', '--tool-name', 'get_task', '--tool-args-json', '{"id":"task_none"}')
      expect(refused.code).not.toBe(0)
      expect(refused.said + refused.complained).toContain('not_found: there is no task task_none')
    })

    test('is refused without a right token', async () => {
      const { code, complained } = await inspect('wrong-token', 'tools/list')
      expect(code).not.toBe(0)
      expect(complained).toContain('auth')
    })
  })

  test('the inspector asks later for the answer of a call that takes long', async () => {
    let agree = (): void => undefined
    const hook = createServer((request, response) => {
      request.resume()
      agree = () => void response.end()
    })
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void hook.close())
    const { port } = hook.address() as AddressInfo
    const slow = await aServer({
      tokens: `ada=${token}`,
      'webhook-url': `http://127.0.0.1:${port}`,
      'webhook-mode': 'before',
      'webhook-timeout': '60s',
    })
    const input = ['--tool-name', 'delete_tasks', '--tool-args-json', '{"tasks":[{"id":"task_none"}]}']
    const asked = inspector(slow.url, 'modern', token, 'tools/call', ...input)
    await expect.poll(() => slow.lines.some(({ mcp_method }) => mcp_method === 'tasks/get')).toBe(true)
    agree()
    const { code, said, complained } = await asked
    expect(code, complained).toBe(0)
    expect(JSON.parse(said).structuredContent).toMatchObject({ done: 0, refused: 1 })
  })
})

/** Runs the inspector's command line with one method. */
function inspector(url: string, era: string, bearer: string, ...args: string[]) {
  const file = path.join(bin, 'mcp-inspector')
  const how = ['--cli', url, '--transport', 'http', '--protocol-era', era, '--stored-auth-only', '--quiet']
  const who = ['--header', `Authorization: Bearer ${bearer}`]
  return new Promise<{ code: number; said: string; complained: string }>((resolve) => {
    execFile(
      process.execPath,
      [file, ...how, ...who, '--method', ...args],
      { env: { ...process.env, HOME: aFolder() }, maxBuffer: 16 * 1024 * 1024 },
      (error, said, complained) => resolve({ code: Number(error?.code ?? 0), said, complained }),
    )
  })
}
