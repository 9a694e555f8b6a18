/** docs/causes.md, made from the list of causes and what is known of each: `node scripts/causes-doc.ts` after one is added. */
import { writeFileSync } from 'node:fs'
import { causeCodes, meaningOf } from '../src/diagnosis/codes.ts'
import { knowledge } from '../src/diagnosis/knowledge.ts'

const actions = (list: readonly { action: string; revision?: boolean }[]): string =>
  [...new Set(list.map(({ action, revision }) => (revision ? `${action}¹` : action)))].join(', ')

export const causesDoc = (): string =>
  [
    '# Causes',
    '',
    'What `task-mcp diagnose` may name as a cause: a closed list. Codes are added, never renamed, so scripts can rely on them.',
    'A verdict says more than this table: the proof, the rivals and why they were ruled out, and each remedy as a command.',
    '',
    '| code | it means that | what cures it, best first | what would harm | whose it is |',
    '|---|---|---|---|---|',
    ...causeCodes.map((code) => {
      const known = knowledge[code]
      return `| \`${code}\` | ${meaningOf(code)} | ${actions(known?.cures ?? [])} | ${actions(known?.never ?? [])} | ${known?.owner ?? ''} |`
    }),
    '',
    '¹ Only where the newest revision of the template brought the fault in.',
    '',
  ].join('\n')

if (import.meta.main) writeFileSync(new URL('../docs/causes.md', import.meta.url), causesDoc())
