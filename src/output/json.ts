/** The verdict for programs. */
import type { Verdict } from '../diagnosis/verdict.ts'

/** The verdict object as JSON, two spaces deep, ending with a newline. Its schema is schemas/verdict.schema.json. */
export function verdictJson(verdict: Verdict): string {
  return `${JSON.stringify(verdict, null, 2)}\n`
}
