/** Helps tests read event streams, message by message. */
export interface Messages {
  /** Reads on until a message passes, and gives it. */
  // biome-ignore lint/suspicious/noExplicitAny: messages have every shape
  until(passes: (message: any) => boolean): Promise<any>
  /** All messages read so far. */
  // biome-ignore lint/suspicious/noExplicitAny: messages have every shape
  readonly seen: readonly any[]
  /** Ids of the events read so far, those without a message included. */
  readonly ids: readonly string[]
}

export function messagesOf(response: Response): Messages {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const seen: unknown[] = []
  const ids: string[] = []
  let looked = 0
  let rest = ''
  const take = (event: string): void => {
    const id = /^id: (.*)$/m.exec(event)?.[1]
    if (id !== undefined) ids.push(id)
    const data = /^data: (.+)$/m.exec(event)?.[1]
    if (data !== undefined) seen.push(JSON.parse(data))
  }
  return {
    seen,
    ids,
    until: async (passes) => {
      for (;;) {
        while (looked < seen.length) {
          const message = seen[looked++]
          if (passes(message)) return message
        }
        const { value, done } = await reader.read()
        if (done) throw new Error(`the stream ended after ${JSON.stringify(seen)}`)
        const events = (rest + value).split('\n\n')
        rest = events.pop()!
        for (const event of events) take(event)
      }
    },
  }
}
