/** Tasks as files. */
import type { Task } from '../tasks/task.ts'

/** One JSON object a line. */
export const asLines = (tasks: readonly Task[]): string => tasks.map((task) => `${JSON.stringify(task)}\n`).join('')

const columns = [
  'id',
  'title',
  'status',
  'priority',
  'labels',
  'dueAt',
  'blocked',
  'claimedBy',
  'dependsOn',
  'description',
  'version',
  'createdAt',
  'createdBy',
  'updatedAt',
  'updatedBy',
  'completedAt',
  'completedBy',
] as const

/** RFC 4180, with names in the first line. Lists have semicolons between their words. */
export function asCsv(tasks: readonly Task[]): string {
  const lines = tasks.map((task) => {
    const row = { ...task, labels: task.labels.join(';'), dependsOn: task.dependsOn.join(';'), claimedBy: task.claim?.by ?? null }
    return columns.map((name) => cell(row[name])).join(',')
  })
  return [columns.join(','), ...lines].map((line) => `${line}\r\n`).join('')
}

/** A text that a spreadsheet would take for a formula gets an apostrophe before it: others wrote it, and it would run at the reader's. */
function cell(value: string | number | boolean | null): string {
  if (value === null) return ''
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
