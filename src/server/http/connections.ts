import { Server as TlsServer } from 'node:https'
import type { Server, Socket } from 'node:net'
import { spareConnections } from './capacity.ts'

const graceMilliseconds = 100

export interface Connections {
  /** A request begins on a connection. True when it is the last that the connection takes. */
  begin(socket: Socket): boolean
  /** Its answer is over. */
  end(socket: Socket): void
  /** True when there are more than the most, and none of them is idle. */
  crowded(): boolean
  /** From now on each answer closes its connection. */
  retire(): void
  /** Stops accepting; resolves when every connection is closed. */
  stop(): Promise<void>
}

/**
 * Ends the connections of a server as they fall idle, when it stops or when there are more than `most`. Node's own
 * `closeIdleConnections` leaves those open on which nothing was sent yet, and clients do open some in advance; a stop would wait
 * for them until its deadline.
 */
export function trackConnections(server: Server, most: number): Connections {
  const busy = new Map<Socket, number>()
  let retiring = false
  let stopping = false
  if (Number.isFinite(most)) server.maxConnections = most + spareConnections
  /** The one that came first of those on which nothing happens. */
  const endAnIdleOne = (besides: Socket): void => {
    for (const [socket, requests] of busy)
      if (requests === 0 && socket !== besides) {
        busy.delete(socket)
        socket.destroy()
        return
      }
  }
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    busy.set(socket, 0)
    if (busy.size > most) endAnIdleOne(socket)
    socket.on('close', () => busy.delete(socket))
  })
  return {
    begin: (socket) => {
      busy.set(socket, (busy.get(socket) ?? 0) + 1)
      return retiring || busy.size > most
    },
    end: (socket) => {
      const left = (busy.get(socket) ?? 1) - 1
      if (busy.has(socket)) busy.set(socket, left)
      if (stopping && left === 0) socket.destroySoon()
    },
    crowded: () => busy.size > most,
    retire: () => {
      retiring = true
    },
    stop: () => {
      retiring = true
      stopping = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // A request may be on its way on a connection that is idle now: it is waited for a moment, and answered.
      const sweep = setTimeout(() => {
        for (const [socket, requests] of busy) if (requests === 0) socket.destroy()
      }, graceMilliseconds)
      return closed.finally(() => clearTimeout(sweep))
    },
  }
}
