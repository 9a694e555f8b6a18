import { LATEST_PROTOCOL_VERSION, SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/sdk/types.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { revisions } from '../../src/server/mcp/legacy/methods.ts'
import { aServer, aSession } from './a-server.ts'

test('what a model is shown of the tools', async () => {
  const session = await aSession(await aServer())
  const { tools } = (await session.call('tools/list')).body.result
  await expect(`${JSON.stringify(tools, null, 1)}\n`).toMatchFileSnapshot('golden/tools.snap')
})

test('every answer of a tool is what its schema promises', async () => {
  const session = await aSession(await aServer())
  const { tools } = (await session.call('tools/list')).body.result
  const ajv = new Ajv2020({ strict: false })
  const promised = async (name: string, input: object) => {
    const { data, text } = await session.tool(name, input)
    const { outputSchema } = tools.find((tool: { name: string }) => tool.name === name)
    expect(ajv.validate(outputSchema, data), `${name}: ${ajv.errorsText()}`).toBe(true)
    expect(JSON.parse(text)).toEqual(data)
    return data
  }
  const { tasks } = await promised('create_tasks', { tasks: [{ title: 'first' }, { title: 'second', dependsOn: ['#1'] }] })
  expect(tasks[1]).toMatchObject({ dependsOn: [tasks[0].id], blocked: true })
  const { id } = tasks[0]
  const { claim } = await promised('claim_task', {})
  await promised('heartbeat_task', { id, claimId: claim.id })
  await promised('release_task', { id, claimId: claim.id })
  await promised('add_comment', { id, body: 'a word' })
  await promised('list_comments', { id })
  await promised('update_task', { id, version: 3, dueAt: '2031-05-04' })
  await promised('complete_task', { id })
  await promised('reopen_task', { id })
  await promised('list_tasks', {})
  await promised('search_tasks', { text: 'first' })
  await promised('task_history', { id })
  await promised('get_task', { id })
  await promised('change_tasks', {
    changes: [
      { id, action: 'label', addLabels: ['x'] },
      { id: 'task_none', action: 'complete' },
    ],
  })
  await promised('export_tasks', { limit: 1 })
  await promised('export_tasks', { format: 'csv' })
  await promised('delete_tasks', { tasks: [{ id: tasks[1].id }, { id: 'task_none' }] })
  await promised('delete_task', { id })
  await promised('claim_task', { label: 'none' })
})

test('the revisions with sessions are those of the official library, but the draft before the first', () => {
  expect(revisions).toEqual(SUPPORTED_PROTOCOL_VERSIONS.filter((revision) => revision >= '2024-11-05'))
  expect(revisions[0]).toBe(LATEST_PROTOCOL_VERSION)
})

test('a trace goes into the log, from the header or from the message', async () => {
  const server = await aServer()
  const session = await aSession(server)
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  await session.call('ping', { _meta: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } })
  await expect.poll(() => server.lines.some(({ trace_id, mcp_method }) => trace_id === trace && mcp_method === 'ping')).toBe(true)
})
