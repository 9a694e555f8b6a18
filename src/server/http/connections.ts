import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Ends the connections of a server as they fall idle. Node's own `closeIdleConnections` leaves those open on which nothing was
 * sent yet, and clients do open some in advance; a stop would wait for them until its deadline.
 */
export function trackConnections(server: Server): { stop(): Promise<void> } {
  const busy = new Map<Socket, number>()
  let stopping = false
  server.on('connection', (socket) => {
    busy.set(socket, 0)
    socket.on('close', () => busy.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    busy.set(socket, (busy.get(socket) ?? 0) + 1)
    response.on('close', () => {
      const left = (busy.get(socket) ?? 1) - 1
      if (busy.has(socket)) busy.set(socket, left)
      if (stopping && left === 0) socket.destroySoon()
    })
  })
  return {
    stop: () => {
      stopping = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const [socket, requests] of busy) if (requests === 0) socket.destroy()
      return closed
    },
  }
}
