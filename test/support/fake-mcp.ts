/** An MCP endpoint in memory that keeps tasks, as seen through the API server's proxy. */
import type { HttpAnswer, ProxyRequest } from '../../src/targets/ports.ts'

interface Task {
  id: string
  title: string
  status: string
}

/** `spoil` may change what a tool answers, by its name; `events` answers as an event stream. */
export function fakeMcp(options: { events?: boolean; spoil?: Record<string, (task: Task) => unknown> } = {}) {
  const tasks = new Map<string, Task>()
  const methods: string[] = []
  let sessions = 0

  const tool = (name: string, input: { id: string; title: string }): unknown => {
    if (name === 'create_task') tasks.set('7', { id: '7', title: input.title, status: 'open' })
    const task = tasks.get(name === 'create_task' ? '7' : input.id)
    if (!task) return { isError: true, content: [{ type: 'text', text: `there is no task ${input.id}` }] }
    if (name === 'complete_task') task.status = 'completed'
    if (name === 'delete_task') tasks.delete(task.id)
    const spoiled = options.spoil?.[name]
    return spoiled ? spoiled(task) : { structuredContent: { task }, content: [] }
  }

  const answer = (body: unknown, headers: Record<string, string> = {}): HttpAnswer => {
    const text = JSON.stringify(body)
    return options.events
      ? {
          status: 200,
          body: `event: message\ndata: ${text}\n\n`,
          seconds: 0.01,
          contentType: 'text/event-stream',
          headers: { 'content-type': 'text/event-stream', ...headers },
        }
      : {
          status: 200,
          body: text,
          seconds: 0.01,
          contentType: 'application/json',
          headers: { 'content-type': 'application/json', ...headers },
        }
  }

  return {
    tasks,
    methods,
    answers(request: ProxyRequest): HttpAnswer {
      const message = JSON.parse(request.form ?? '{}')
      methods.push(message.params?.name ?? message.method)
      if (message.method === 'initialize') {
        sessions++
        return answer(
          {
            jsonrpc: '2.0',
            id: message.id,
            result: { protocolVersion: '2025-06-18', serverInfo: { name: 'tasks', version: '2.1.0' }, capabilities: {} },
          },
          { 'mcp-session-id': `s${sessions}` },
        )
      }
      if (request.headers?.['mcp-session-id'] !== `s${sessions}`)
        return { status: 404, body: '{"error":{"message":"no such session"}}', seconds: 0.01, contentType: 'application/json' }
      if (message.id === undefined) return { status: 202, body: '', seconds: 0.01, contentType: '' }
      return answer({ jsonrpc: '2.0', id: message.id, result: tool(message.params.name, message.params.arguments) })
    },
  }
}
