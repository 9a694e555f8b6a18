/** The lines of a runbook that is a list of commands: by hand, and with this tool. Pure. */
import type { Runbook } from './runbook.ts'

export interface Useful {
  /** What one wants to do. */
  title: string
  /** kubectl and other lines that do it without this tool. */
  byHand: string[]
  /** `task-mcp` lines that do it; empty where there is none yet. */
  here: string[]
}

/** One entry for each step with lines, in the order of the document. */
export function usefulCommands(book: Runbook): Useful[] {
  return book.steps.flatMap((step) => {
    const lines = step.fences
      .filter((fence) => fence.language === 'sh')
      .flatMap((fence) => fence.text.split('\n'))
      .filter((line) => line.trim() !== '')
    const here = lines.filter((line) => line.startsWith('task-mcp '))
    return lines.length > 0 ? [{ title: step.title, byHand: lines.filter((line) => !here.includes(line)), here }] : []
  })
}
