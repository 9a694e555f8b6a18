import { EventEmitter } from 'node:events'
import type { Server, Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { trackConnections } from '../../src/server/http/connections.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A server that accepts what it is told to. */
function aListener() {
  const server = new EventEmitter() as Server
  const connections = trackConnections(server, Number.POSITIVE_INFINITY)
  const accept = () => {
    const socket = Object.assign(new EventEmitter(), { destroy: vi.fn() }) as unknown as Socket
    server.emit('connection', socket)
    return socket
  }
  return { connections, accept }
}

test('a connection is ended when nothing has come on it for a little more than each answer promises', () => {
  const { accept } = aListener()
  const socket = accept()
  vi.advanceTimersByTime(65_000)
  expect(socket.destroy).not.toHaveBeenCalled()
  vi.advanceTimersByTime(5_000)
  expect(socket.destroy).toHaveBeenCalledOnce()
})

test('a request counts from its end, however long it takes, as a stream does', () => {
  const { connections, accept } = aListener()
  const socket = accept()
  vi.advanceTimersByTime(60_000)
  connections.begin(socket)
  vi.advanceTimersByTime(3_600_000)
  connections.end(socket)
  vi.advanceTimersByTime(65_000)
  expect(socket.destroy).not.toHaveBeenCalled()
  vi.advanceTimersByTime(5_000)
  expect(socket.destroy).toHaveBeenCalledOnce()
})
