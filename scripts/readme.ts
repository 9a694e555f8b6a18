/** Writes the transcript of README.md from a recorded look, so that it always shows what the tool really says: `node scripts/readme.ts`. */
import { readFile, writeFile } from 'node:fs/promises'
import { judge } from '../src/diagnosis/judge.ts'
import { parseSnapshot } from '../src/facts/record.ts'
import { plain } from '../src/output/style.ts'
import { renderVerdict } from '../src/output/verdict.ts'

const recorded = 'test/demo/database-scaled-to-0.json'
const begin = `<!-- transcript: node scripts/readme.ts writes it from ${recorded} -->\n`
const end = '<!-- end of transcript -->\n'

/** README.md with its transcript as the tool would print it now, up to the runbook's steps. */
export async function readmeText(root: URL): Promise<string> {
  const readme = await readFile(new URL('README.md', root), 'utf8')
  const { verdict } = judge(parseSnapshot(await readFile(new URL(recorded, root), 'utf8'), recorded), 'service-downtime')
  const [said = ''] = renderVerdict({ ...verdict, symptoms: [] }, { columns: 80, style: plain, verbose: false }).split('\nUnseen')
  const [head, rest] = readme.split(begin)
  const tail = rest?.split(end)[1]
  if (head === undefined || tail === undefined) throw new Error('README.md has lost the marks around its transcript')
  return `${head}${begin}\`\`\`\n$ task-mcp diagnose service-downtime\n\n${said.trimEnd()}\n\`\`\`\n${end}${tail}`
}

if (import.meta.main) {
  const root = new URL('../', import.meta.url)
  await writeFile(new URL('README.md', root), await readmeText(root))
}
