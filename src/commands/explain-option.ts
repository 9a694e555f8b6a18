/** `--explain`: the same by hand, on every command that stands in place of a line that people type. */
import type { OptionEntry } from './entry.ts'

export const explainOption: OptionEntry = {
  flags: '--explain',
  summary: 'print the kubectl or curl lines that do the same by hand, and ask nothing',
}
