/** Colours as functions from text to text, so that whoever renders decides nothing about the terminal. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
}

const same = (text: string) => text

/** No colour: for a pipe, NO_COLOR and files. */
export const plain: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same }

const sgr = (on: number, off: number) => (text: string) => (text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`)

/** The eight basic colours, which every terminal theme keeps readable; nothing rests on colour alone. */
export const ansi: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39),
}

/** The style for a terminal: `color` is the Context's decision from NO_COLOR, FORCE_COLOR, TERM and the stream. */
export function styleFor(terminal: { color: boolean }): Style {
  return terminal.color ? ansi : plain
}
