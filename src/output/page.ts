/** Lines of an answer: a label in a narrow column, its text beside it, and commands that are never wrapped. */
import type { Style } from './style.ts'
import { clean, pad, wrap } from './text.ts'

export interface Look {
  /** Columns of the terminal; lines that can be wrapped are. */
  columns: number
  style: Style
  /** Show what is otherwise cut or left out. */
  verbose: boolean
}

const labelWidth = 8

/** Below 40 columns nothing useful fits beside a label; above 100 a line is hard to read. */
export function columnsOf(look: Look): number {
  return Math.min(100, Math.max(40, look.columns))
}

/** `Label   text`, wrapped under itself; with no label, the text alone in the same column. The label is bold, or as `paint` says. */
export function labelled(look: Look, label: string, text: string, paint = look.style.bold): string[] {
  const rest = ' '.repeat(labelWidth)
  const [first = '', ...others] = wrap(text, columnsOf(look), pad(label, labelWidth), rest)
  return [label === '' ? first : paint(label) + first.slice(label.length), ...others]
}

/** Several texts under one label, each begun with a dash where there are two or more. */
export function listed(look: Look, label: string, texts: readonly string[], paint = look.style.bold): string[] {
  if (texts.length < 2) return texts.flatMap((text) => labelled(look, label, text, paint))
  return texts.flatMap((text, index) => {
    const [first = '', ...others] = wrap(
      text,
      columnsOf(look),
      `${pad(index === 0 ? label : '', labelWidth)}- `,
      ' '.repeat(labelWidth + 2),
    )
    return [index === 0 ? paint(label) + first.slice(label.length) : first, ...others]
  })
}

/** A command on lines of its own, as it must be pasted. */
export function command(look: Look, text: string): string[] {
  return text.split('\n').map((line) => `  ${look.style.cyan(clean(line))}`)
}

/** `name 1`, `name 2` ... as one phrase: "a, b and c". */
export function phrase(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** `1 pod`, `3 pods`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
