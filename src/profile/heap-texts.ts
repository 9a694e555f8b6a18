/** The table of texts of a heap snapshot, cut and packed: most of a snapshot is text that nobody asks for. */

export const longestText = 120
const pieceSize = 4 * 1024 * 1024

/** Texts one after another in a few large pieces of memory, each cut after `longestText` bytes and read only when asked for. */
export class Texts {
  #pieces: Uint8Array[] = []
  #starts: number[] = []
  #size = 0
  #begin = 0

  add(byte: number): void {
    if (this.#size - this.#begin >= longestText) return
    const at = this.#size % pieceSize
    if (at === 0) this.#pieces.push(new Uint8Array(pieceSize))
    this.#pieces.at(-1)![at] = byte
    this.#size++
  }

  end(): void {
    this.#starts.push(this.#begin)
    this.#begin = this.#size
  }

  at(index: number): string {
    const start = this.#starts[index]
    if (start === undefined) return ''
    const end = this.#starts[index + 1] ?? this.#begin
    const bytes = Buffer.alloc(end - start)
    for (let at = start; at < end; at++) bytes[at - start] = this.#pieces[Math.floor(at / pieceSize)]![at % pieceSize]!
    const raw = bytes.toString('utf8')
    try {
      return JSON.parse(`"${raw}"`) as string
    } catch {
      // Cut within an escape.
      return raw.replace(/\\.*$/, '')
    }
  }
}
