/** Calling the next people from within a walk. */
import type { Context } from '../context.ts'
import { ExpectedError, InterruptedError } from '../errors.ts'
import type { Runbook } from '../runbook/runbook.ts'
import type { ActionOptions } from './action-options.ts'
import { argumentsOf } from './entry.ts'
import { find } from './words.ts'

/** `task-mcp escalate` where this version has it, else who is to be called; gives one sentence for the record. */
export async function escalateFrom(
  context: Context,
  options: ActionOptions,
  book: Runbook,
  books: readonly Runbook[],
  elapsedSeconds: number,
): Promise<string> {
  // The table holds the entry of this very command, so it is asked for here and not at the top of the file.
  const { commands } = await import('./index.ts')
  const { entry } = find(['escalate'], commands)
  if (entry !== undefined) {
    const { parse } = await import('./parse.ts')
    const words = argumentsOf(entry).some((word) => /runbook/.test(word)) ? [book.name] : []
    const said = Object.entries({
      namespace: options.namespace,
      context: options.context,
      kubeconfig: options.kubeconfig,
      config: options.config,
    })
    const flags = said.flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value]))
    try {
      const { args, options: read } = parse(entry, [...words, ...flags])
      const { run } = await entry.load()
      const code = await run({ ...context, terminal: { ...context.terminal, out: context.terminal.err } }, args, read as never)
      return `task-mcp escalate ended with ${code}`
    } catch (error) {
      if (error instanceof InterruptedError || !(error instanceof ExpectedError)) throw error
      return `task-mcp escalate: ${error.message}${error.next ? `; ${error.next}` : ''}`
    }
  }
  const people = new Map(books.flatMap((one) => one.people.map((contact) => [contact.id, contact])))
  const names = book.contacts.map((id) => {
    const contact = people.get(id)
    return contact === undefined ? id : `${contact.name} (${contact.reach})`
  })
  return `${Math.floor(elapsedSeconds / 60)} min into it: call ${names.join(', then ') || 'whoever task-mcp runbook show escalation names'}`
}
