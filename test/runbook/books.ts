/** Runbooks for tests: the shipped ones, and short ones made from text. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseRunbook } from '../../src/runbook/load.ts'
import type { Runbook } from '../../src/runbook/runbook.ts'

export const root = path.resolve(import.meta.dirname, '../..')

/** The shipped Markdown files by absolute path, and the rules that they are held against. */
export function shippedFiles(): Record<string, string> {
  const books = readdirSync(path.join(root, 'runbooks'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(root, 'runbooks', name))
  return Object.fromEntries([...books, path.join(root, 'deploy/prometheus/rules.yaml')].map((file) => [file, readFileSync(file, 'utf8')]))
}

export const shipped = (): Runbook[] =>
  Object.entries(shippedFiles())
    .filter(([file]) => file.endsWith('.md'))
    .map(([file, text]) => parseRunbook(text, `runbooks/${path.basename(file)}`))

/** The text of a runbook with one step; `front` and `step` are lines that replace or join the usual ones. */
export function aText(front: readonly string[] = [], step: readonly string[] = [], below = ''): string {
  const keyed = (usual: Record<string, string>, said: readonly string[]): string[] => {
    const lines = { ...usual }
    for (const line of said) lines[line.split(':')[0] ?? ''] = line
    return Object.values(lines)
  }
  const usual: Record<string, string> = { id: 'id: pods', phase: 'phase: immediate', kind: 'kind: check' }
  if (!step.some((line) => /^kind: (action|manual)/.test(line))) usual.check = 'check: pods-ready'
  return [
    '---',
    ...keyed({ name: 'name: short', title: 'title: A short one', summary: 'summary: For a test.' }, front),
    '---',
    '# A short one',
    '',
    'Intro.',
    '',
    '### Count the pods',
    '',
    '```yaml step',
    ...keyed(usual, step),
    '```',
    '',
    below,
  ].join('\n')
}
