import { Server as TlsServer } from 'node:https'
import type { Server, Socket } from 'node:net'
import { spareConnections } from './capacity.ts'

const graceMilliseconds = 100
/** How long a connection may be idle, as each answer says. */
export const idleSeconds = 65
const sweepSeconds = 5

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

interface Use {
  requests: number
  /** Sweeps that found it idle, one after another. */
  idle: number
}

/**
 * Ends the connections of a server as they fall idle, when it stops or when there are more than `most`, and those that are idle for
 * long. Node's own `closeIdleConnections` leaves those open on which nothing was sent yet, and clients do open some in advance; a stop
 * would wait for them until its deadline. Its `keepAliveTimeout` makes and clears a timer for every request.
 */
export function trackConnections(server: Server, most: number): Connections {
  const open = new Map<Socket, Use>()
  let retiring = false
  let stopping = false
  if (Number.isFinite(most)) server.maxConnections = most + spareConnections
  /** The one that came first of those on which nothing happens. */
  const endAnIdleOne = (besides: Socket): void => {
    for (const [socket, { requests }] of open)
      if (requests === 0 && socket !== besides) {
        open.delete(socket)
        socket.destroy()
        return
      }
  }
  const endIdleOnes = (due: (use: Use) => boolean): void => {
    for (const [socket, use] of open) if (use.requests === 0 && due(use)) socket.destroy()
  }
  const sweeps = setInterval(() => endIdleOnes((use) => ++use.idle * sweepSeconds > idleSeconds), sweepSeconds * 1000).unref()
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.set(socket, { requests: 0, idle: 0 })
    if (open.size > most) endAnIdleOne(socket)
    socket.on('close', () => open.delete(socket))
  })
  return {
    begin: (socket) => {
      const use = open.get(socket)
      if (use !== undefined) use.requests += 1
      return retiring || open.size > most
    },
    end: (socket) => {
      const use = open.get(socket)
      if (use === undefined) return
      use.requests -= 1
      use.idle = 0
      if (stopping && use.requests === 0) socket.destroySoon()
    },
    crowded: () => open.size > most,
    retire: () => {
      retiring = true
    },
    stop: () => {
      retiring = true
      stopping = true
      clearInterval(sweeps)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // A request may be on its way on a connection that is idle now: it is waited for a moment, and answered.
      const grace = setTimeout(() => endIdleOnes(() => true), graceMilliseconds)
      return closed.finally(() => clearTimeout(grace))
    },
  }
}
