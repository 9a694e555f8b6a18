/** A port on this machine whose connections are led elsewhere, one way for each. */
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { UsageError } from '../errors.ts'

export interface LocalListener {
  /** The port that was taken, where 0 was asked for. */
  readonly port: number
  /** Resolves when every connection is closed and the port is free again. */
  close(): Promise<void>
}

/**
 * Listens, and for each connection opens a way and joins the two. `lost` is told of a way that cannot be opened or breaks; the connection is then closed,
 * and the listener goes on. UsageError when the port cannot be taken.
 */
export async function listenLocally(
  at: { host: string; port: number },
  open: () => Promise<Duplex>,
  lost: (error: Error) => void,
): Promise<LocalListener> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // A client that hangs up is no news.
    socket.on('error', () => socket.destroy())
    open().then(
      (way) => {
        if (socket.destroyed) return way.destroy()
        way.on('error', (error) => {
          lost(error)
          socket.destroy()
        })
        way.once('close', () => socket.destroySoon())
        socket.once('close', () => way.destroy())
        way.pipe(socket)
        socket.pipe(way)
      },
      (error: unknown) => {
        socket.destroy()
        lost(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError(
          error.code === 'EADDRINUSE'
            ? `port ${at.port} is taken on this machine`
            : `cannot listen on ${at.host}:${at.port}: ${error.message}`,
          'choose another one, for example 0:3000 for any that is free',
          { cause: error },
        ),
      ),
    )
    server.listen(at.port, at.host, resolve)
  })
  return {
    port: (server.address() as net.AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
