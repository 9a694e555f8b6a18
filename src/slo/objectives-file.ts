/** SLOs that a user wrote: our own short form, or OpenSLO v1 documents, or both in one file. */
import { isMap, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { burnPairs, burnThreshold } from './burn-alerts.ts'
import { checkObjective, type Objective } from './objectives.ts'
import { burnFactors, fromOpenSlo, indicatorsOf, isOpenSlo } from './openslo.ts'

const fields = ['name', 'title', 'method', 'target', 'unit', 'bad', 'total', 'good', 'runbook', 'alert', 'spentBy'] as const
type Written = Partial<Record<(typeof fields)[number], unknown>>

/**
 * The objectives in the text of a file, for a service. Throws a UsageError with file and line for YAML that does not parse, a
 * word that is not known, a target that is none, or a burn alert that could never fire.
 */
export function readObjectives(text: string, file: string, service: string): Objective[] {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines })
  if (!Array.isArray(documents)) throw new UsageError(`${file} holds no SLOs`, 'see docs/slo.md for how to write them')
  const at = (offset: number | undefined) => (offset === undefined ? file : `${file}:${lines.linePos(offset).line}`)
  for (const document of documents) {
    const error = document.errors[0]
    if (error)
      throw new UsageError(`${at(error.pos[0])}: ${error.message.split('\n')[0]!.replace(/ at line \d+.*$/, '')}`, 'correct the YAML')
  }
  const plain = documents.map((document): unknown => document.toJS())
  const indicators = indicatorsOf(plain)
  const objectives = documents.flatMap((document, index): Objective[] => {
    const value = plain[index]
    const where = at(document.contents?.range?.[0])
    if (value === null || value === undefined) return []
    if (isOpenSlo(value))
      return value.kind === 'SLO' ? checked(fromOpenSlo(value, indicators, where), where, burnFactors(value, plain)) : []
    const list = isMap(document.contents) ? document.contents.get('slos', true) : undefined
    if (!isSeq(list))
      throw new UsageError(`${where}: neither a list under "slos" nor an OpenSLO document`, 'see docs/slo.md for how to write SLOs')
    return list.items.flatMap((item, position) => {
      const place = at((item as { range?: [number, number, number] }).range?.[0])
      return checked([fromWritten((value as { slos: Written[] }).slos[position]!, service, place)], place)
    })
  })
  if (objectives.length === 0) throw new UsageError(`${file} holds no SLOs`, 'see docs/slo.md for how to write them')
  const twice = objectives.find(({ name }, index) => objectives.findIndex((other) => other.name === name) < index)
  if (twice) throw new UsageError(`${file} has two SLOs called "${twice.name}"`, 'give each a name of its own')
  return objectives
}

function fromWritten(written: Written, service: string, place: string): Objective {
  const wrong = (what: string, next: string) => new UsageError(`${place}: ${what}`, next)
  if (typeof written !== 'object' || written === null)
    throw wrong('not an SLO', 'each entry of "slos" has a name, a target, and bad and total, or good')
  for (const key of Object.keys(written)) {
    if ((fields as readonly string[]).includes(key)) continue
    const meant = nearest(key, fields)
    throw wrong(`an SLO has no "${key}"`, meant ? `did you mean ${meant}?` : `it has ${fields.join(', ')}`)
  }
  const text = (key: (typeof fields)[number]): string | undefined => {
    const value = written[key]
    if (value === undefined) return undefined
    if (typeof value !== 'string' || value.trim() === '') throw wrong(`${key} is not text`, `write ${key}: "..."`)
    return value.trim()
  }
  const name = text('name')
  if (name === undefined) throw wrong('an SLO without a name', 'add name: checkout-errors')
  const common = {
    service,
    id: name,
    name,
    title: text('title') ?? name,
    target: targetOf(written.target, place),
    alert:
      text('alert') ??
      name
        .split('-')
        .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
        .join(''),
    runbook: text('runbook') ?? 'slo-violations',
    ...spentByOf(written.spentBy, name, wrong),
  }
  const [bad, total, good] = [text('bad'), text('total'), text('good')]
  if (bad !== undefined && total !== undefined && good === undefined)
    return { kind: 'events', ...common, method: text('method') ?? 'As its queries count it.', unit: text('unit') ?? 'requests', bad, total }
  if (good !== undefined && bad === undefined && total === undefined)
    return {
      kind: 'time-slices',
      ...common,
      method: text('method') ?? 'A minute is bad when its query is 0 or has no answer; of all minutes.',
      good,
    }
  throw wrong(`SLO "${name}" is counted in no way, or in two`, 'give bad and total to count events, or good to count minutes')
}

function spentByOf(value: unknown, name: string, wrong: (what: string, next: string) => UsageError): Pick<Objective, 'spentBy'> {
  if (value === undefined) return {}
  const next = 'write spentBy: { tenant: "sum by (tenant) (increase(failures_total[$window]))" }'
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(`spentBy of SLO "${name}" is not a mapping`, next)
  const entries = Object.entries(value).map(([word, expression]): [string, string] => {
    if (!/^[a-z][a-z-]*$/.test(word)) throw wrong(`spentBy of SLO "${name}" has "${word}", which is not a word of small letters`, next)
    if (typeof expression !== 'string' || !expression.includes('$window'))
      throw wrong(`spentBy.${word} of SLO "${name}" is not a query with $window`, next)
    return [word, expression.trim()]
  })
  return { spentBy: Object.fromEntries(entries) }
}

function targetOf(value: unknown, place: string): number {
  const percent = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*%$/.exec(value)?.[1] : undefined
  const target = percent === undefined ? Number(value) : Number((Number(percent) / 100).toPrecision(12))
  if (value === undefined || Number.isNaN(target))
    throw new UsageError(`${place}: "${String(value)}" is not a target`, 'write target: 99.9% or target: 0.999')
  return target
}

function checked(objectives: Objective[], place: string, factors: readonly number[] = []): Objective[] {
  for (const objective of objectives) {
    try {
      checkObjective(objective)
      for (const factor of [...burnPairs.map((pair) => pair.factor), ...factors]) burnThreshold(objective, factor)
    } catch (error) {
      if (error instanceof UsageError) throw new UsageError(`${place}: ${error.message}`, error.next)
      throw error
    }
  }
  return objectives
}
