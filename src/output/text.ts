/** Fitting text from a cluster into a terminal: cleaned, measured, wrapped, aligned. */

/** Terminal sequences, then every control and format character that is left. */
const unsafe = /\p{Cc}\[[0-9;?]*[ -/]*[@-~]|\p{Cc}|\p{Cf}/gu

/** Text as it may be shown: a log line or an object's name cannot move the cursor, set a colour or reverse the line. */
export function clean(text: string): string {
  return text.replace(/\r\n?|\n|\t/g, ' ').replace(unsafe, '')
}

const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u
const none = /\p{M}/u

/** Columns that plain text takes in a terminal. */
export function width(text: string): number {
  let columns = 0
  for (const character of text) columns += none.test(character) ? 0 : wide.test(character) ? 2 : 1
  return columns
}

/**
 * Lines of at most `columns`, the first begun with `first` and the others with `rest`. A word that is longer than a line is broken
 * where JSON and lists may be, after a comma or a brace, else it stays whole, so that it can be copied.
 */
export function wrap(text: string, columns: number, first = '', rest = first): string[] {
  const room = columns - width(rest)
  const lines: string[] = []
  let line = first
  let empty = true
  for (const piece of piecesOf(clean(text), room)) {
    if (!empty && width(line) + width(piece) > columns) {
      lines.push(line.trimEnd())
      line = rest
      empty = true
    }
    line += empty ? piece.trimStart() : piece
    empty = false
  }
  lines.push(line.trimEnd())
  return lines
}

/** Words with the space before them, and the pieces of words that are longer than a line. */
function piecesOf(text: string, room: number): string[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .flatMap((word) => (width(word) <= room ? [` ${word}`] : [...` ${word}`.matchAll(/.+?(?:[,{;](?=.)|$)/gu)].map(([piece]) => piece)))
}

/** At most `columns`, with "..." where something was cut. */
export function cut(text: string, columns: number): string {
  const whole = clean(text)
  if (width(whole) <= columns) return whole
  let kept = ''
  for (const character of whole) {
    if (width(kept) + width(character) > columns - 3) break
    kept += character
  }
  return `${kept.trimEnd()}...`
}

/** Padded with spaces on the right to `columns`. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

/** Whether `whole` already says `part`, spacing, stops and capitals aside. */
export function says(whole: string, part: string): boolean {
  const bare = (words: string) =>
    clean(words)
      .toLowerCase()
      .replace(/[.\s]+/g, ' ')
      .trim()
  return bare(whole).includes(bare(part))
}
