/** Colours as functions from text to text, so that whoever renders decides nothing about the terminal. */
import { Chalk } from 'chalk'

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

const chalk = new Chalk({ level: 1 })

/** The eight basic colours, which every terminal theme keeps readable; nothing rests on colour alone. */
export const ansi: Style = {
  bold: (text) => chalk.bold(text),
  dim: (text) => chalk.dim(text),
  red: (text) => chalk.red(text),
  green: (text) => chalk.green(text),
  yellow: (text) => chalk.yellow(text),
  cyan: (text) => chalk.cyan(text),
}

/** The style for a terminal: `color` is the Context's decision from NO_COLOR, FORCE_COLOR, TERM and the stream. */
export function styleFor(terminal: { color: boolean }): Style {
  return terminal.color ? ansi : plain
}
