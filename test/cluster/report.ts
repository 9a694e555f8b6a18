/** Makes docs/accuracy.md from results of real runs. See `--help`. */
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { accuracyPage, type Notes } from './accuracy.ts'
import { readRuns } from './runs.ts'

const help = `usage: node test/cluster/report.ts RESULTS.json... [options]
  results are what test/cluster/run.ts and other-service.ts write with --out, or a list of drills
  --out FILE     where the page goes (default docs/accuracy.md)
  --notes FILE   why runs failed, by the name of the fault (default test/cluster/accuracy-notes.yaml)
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: new URL('../../docs/accuracy.md', import.meta.url).pathname },
    notes: { type: 'string', default: new URL('accuracy-notes.yaml', import.meta.url).pathname },
    help: { type: 'boolean', default: false },
  },
})

if (values.help || positionals.length === 0) {
  process.stdout.write(help)
  process.exitCode = values.help ? 0 : 2
} else {
  const texts = await Promise.all(positionals.map(async (file) => readRuns(await readFile(file, 'utf8'), file)))
  const notes = (parse(await readFile(values.notes, 'utf8')) ?? {}) as Notes
  await writeFile(values.out, accuracyPage(texts.flat(), notes))
  process.stdout.write(`${texts.flat().length} runs of ${positionals.length} files -> ${values.out}\n`)
}
