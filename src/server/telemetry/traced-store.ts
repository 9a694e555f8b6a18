import type { Store, Transaction } from '../store/port.ts'
import { type Span, spanned, type Tracing, traceparentOf } from './trace.ts'

const systems = { sqlite: 'sqlite', postgres: 'postgresql' } as const

/** What is announced inside it says of which trace it is. */
const announcing = (tx: Transaction, span: Span): Transaction => ({
  ...tx,
  announce: (change) => tx.announce({ ...change, traceparent: traceparentOf(span) }),
})

/** The same store, with a span for each operation that is part of a trace; what the server does by itself begins none. */
export function tracedStore(store: Store, tracing: Tracing): Store {
  const within = <T>(operation: string, run: (wrap: (tx: Transaction) => Transaction) => Promise<T>): Promise<T> => {
    const parent = tracing.current()
    if (parent === undefined) return run((tx) => tx)
    const span = tracing.start(`${operation} ${systems[store.kind]}`, { kind: 'client', parent })
    span.set('db.system.name', systems[store.kind])
    span.set('db.operation.name', operation)
    return spanned(tracing, span, () => run((tx) => announcing(tx, span)))
  }
  return {
    ...store,
    read: (operation, work) => within(operation, () => store.read(operation, work)),
    write: (operation, work) => within(operation, (wrap) => store.write(operation, (tx) => work(wrap(tx)))),
  }
}
