/** A look inside pods, for a person. */
import type { ProcessFacts } from '../diagnosis/inside.ts'
import { bytes } from '../diagnosis/quantity.ts'
import type { DirectScrape, Part, ProbeResult } from '../facts/snapshot.ts'
import { columnsOf, type Look } from './page.ts'
import { clean, wrap } from './text.ts'
import { since } from './time.ts'

interface Inside {
  at: string
  pods: readonly {
    name: string
    ready: boolean
    answers: readonly ProbeResult[]
    process: Part<ProcessFacts>
    samples?: DirectScrape['samples']
  }[]
}

/** What each pod answers, and what its process says of itself. Ends with a newline. */
export function renderInside(report: Inside, look: Look): string {
  const { style } = look
  const columns = columnsOf(look)
  const lines = report.pods.flatMap(({ name, ready, answers, process, samples }) => [
    (ready ? style.bold : style.red)(`${name}: ${ready ? 'ready' : 'not ready'}`),
    ...answers.flatMap(({ port, path, result }) => {
      const well = result.state === 'ok' && result.value.status < 400
      const said =
        result.state === 'ok'
          ? `${result.value.status} in ${Math.round(result.value.seconds * 1000)} ms${well ? '' : `: ${result.value.body}`}`
          : result.reason
      return wrap(`GET ${path} on ${port}: ${said}`, columns, '  ', '    ').map(well ? (text: string) => text : style.red)
    }),
    ...wrap(process.state === 'ok' ? processText(process.value, report.at) : `its metrics page: ${process.reason}`, columns, '  ', '    '),
    ...(process.state !== 'ok' && process.next ? process.next.split('\n') : []),
    ...(samples ?? []).map((sample) => `  ${sampleText(sample)}`),
    ...(samples?.length === 0 ? ['  no sample matches'] : []),
  ])
  return `${(lines.length > 0 ? lines : ['no pods']).join('\n')}\n`
}

function processText(facts: ProcessFacts, now: string): string {
  const said = [
    facts.startedAt === null ? undefined : `started ${since(facts.startedAt, now)}`,
    facts.residentBytes === null ? undefined : `${bytes(facts.residentBytes)} resident`,
    facts.heapUsedBytes === null
      ? undefined
      : `heap ${bytes(facts.heapUsedBytes)}${facts.heapLimitBytes === null ? '' : ` of ${bytes(facts.heapLimitBytes)}`}`,
    facts.openFiles === null
      ? undefined
      : `${facts.openFiles} files and sockets open${facts.mostFiles === null ? '' : ` of ${facts.mostFiles}`}`,
    facts.eventLoopLagP99Seconds === null ? undefined : `event loop late by ${Math.round(facts.eventLoopLagP99Seconds * 1000)} ms (p99)`,
    facts.cpuSeconds === null ? undefined : `${Math.round(facts.cpuSeconds)} s of CPU since`,
  ].filter((one) => one !== undefined)
  return said.length > 0 ? `its process: ${said.join(', ')}` : 'its metrics page says nothing of the process'
}

/** As the page has it: for reading beside a query, and for copying. */
function sampleText({ name, labels, value }: DirectScrape['samples'][number]): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`)
  return clean(`${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`)
}
