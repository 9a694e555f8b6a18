/** Which step of a runbook carries which item of the written runbook that these replace. Pure. */
import { parse } from 'yaml'
import { UsageError } from '../errors.ts'
import type { Runbook, Step } from './runbook.ts'

/** An item by its id (see source-items.ts) and what it asked for, in a few words. */
export interface Item {
  id: string
  about: string
}

export interface Carried extends Item {
  by: { book: Runbook; step: Step }[]
}

/** Takes the text of source-items.yaml: `id: a few words`, one line for each item, in order. */
export function readItems(text: string): Item[] {
  const parsed = parse(text) as Record<string, unknown> | null
  return Object.entries(parsed ?? {}).map(([id, about]) => {
    if (typeof about !== 'string' || about.trim() === '')
      throw new UsageError(`source-items.yaml: ${id} has no description`, 'say in a few words what the item asks for')
    return { id, about }
  })
}

/** An id of `covers` in full: one that begins with a dot belongs to the section of the runbook's own name. */
const whole = (book: Runbook, id: string): string => (id.startsWith('.') ? `${book.name}${id}` : id)

const takes = (covered: string, id: string): boolean =>
  covered.endsWith('.*') ? id === covered.slice(0, -2) || id.startsWith(covered.slice(0, -1)) : id === covered

/** Every item with the steps that carry it; an item that none carries has an empty list. */
export function coverage(items: readonly Item[], books: readonly Runbook[]): Carried[] {
  const claims = books.flatMap((book) => book.steps.flatMap((step) => step.covers.map((id) => ({ book, step, id: whole(book, id) }))))
  return items.map((item) => ({
    ...item,
    by: claims.filter((claim) => takes(claim.id, item.id)).map(({ book, step }) => ({ book, step })),
  }))
}

/** Ids in `covers` that match no item. */
export function strayCovers(items: readonly Item[], books: readonly Runbook[]): { file: string; line: number; id: string }[] {
  return books.flatMap((book) =>
    book.steps.flatMap((step) =>
      step.covers
        .filter((id) => !items.some((item) => takes(whole(book, id), item.id)))
        .map((id) => ({ file: book.file, line: step.line, id })),
    ),
  )
}

const kindOf = (id: string): 'step' | 'command' | 'bullet' =>
  /\.cmd\d+$/.test(id) ? 'command' : /(^|\.)b\d+$/.test(id) ? 'bullet' : 'step'

/** docs/coverage.md. */
export function coverageMarkdown(carried: readonly Carried[]): string {
  const count = (kind: string): number => carried.filter((item) => kindOf(item.id) === kind).length
  const missing = carried.filter((item) => item.by.length === 0).length
  const sections = [...new Set(carried.map((item) => item.id.split('.')[0] ?? ''))]
  const table = (section: string): string[] => [
    `## ${section}`,
    '',
    '| Item | It asked for | Carried by |',
    '|---|---|---|',
    ...carried
      .filter((item) => item.id.split('.')[0] === section)
      .map((item) => {
        const by = item.by.map(
          ({ book, step }) => `[${book.name}](../runbooks/${book.name}.md#${anchor(step.title)}) ${step.id} (${what(step)})`,
        )
        return `| ${item.id.split('.').slice(1).join('.')} | ${item.about.replaceAll('|', '\\|')} | ${by.join('<br>') || '**nothing**'} |`
      }),
    '',
  ]
  return [
    '# What became of the written runbook',
    '',
    'The runbooks here replace a written one (version 1.0 of 2025-10-26). Each of its items is carried by a step: a check that the',
    'tool makes, an action that it proposes or warns against, or a manual step that it guides through. This page is made by',
    '`node scripts/coverage.ts` from `runbooks/*.md` and `runbooks/source-items.yaml`.',
    '',
    `${carried.length} items: ${count('step')} steps, ${count('command')} commands, ${count('bullet')} bullets. Not carried: ${missing}.`,
    '',
    'An item is named by its section, its part, the number of its step, and the number of the command (`cmd`) or bullet (`b`) in it.',
    '',
    ...sections.flatMap(table),
  ].join('\n')
}

const what = (step: Step): string =>
  step.kind === 'check' ? `check ${step.check}` : step.kind === 'action' ? `action ${step.action}` : 'manual'

/** A heading's anchor as Markdown viewers make it. */
const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/\s/g, '-')
