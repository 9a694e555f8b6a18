/** Markdown -> Runbook. The form is described in docs/runbooks.md. */
import { UsageError } from '../errors.ts'
import { type Mapping, readMapping } from './mapping.ts'
import { type Contact, type Fence, type Level, phases, type Runbook, type Step, stepKinds, type Trigger } from './runbook.ts'

const frontKeys = ['name', 'title', 'summary', 'symptoms', 'alerts', 'thresholds', 'contacts', 'people', 'levels'] as const
const stepKeys = ['id', 'phase', 'kind', 'check', 'action', 'look', 'covers'] as const
const thresholdKeys = ['errorRatio', 'p95Seconds', 'p99Seconds', 'memoryRatio', 'cpuRatio', 'authFailureRatio'] as const

/** Takes the text of one Markdown file and its name; gives the runbook or throws a UsageError that names file and line. */
export function parseRunbook(markdown: string, file: string): Runbook {
  const lines = markdown.replaceAll('\r\n', '\n').split('\n')
  const close = lines[0] === '---' ? lines.indexOf('---', 1) : -1
  if (close < 0)
    throw new UsageError(
      `${file}:1: a runbook starts with front matter between two lines of ---`,
      'docs/runbooks.md has the form of a runbook',
    )
  const front = readMapping(lines.slice(1, close).join('\n'), file, 2, frontKeys)
  const name = front.text('name')
  const expected = file.replace(/^.*[/\\]/, '').replace(/\.md$/, '')
  if (name !== expected) front.fail('name', `the runbook is called "${name}" but its file "${expected}"; they must be equal`)

  const sections = sectionsOf(lines, close + 1, file)
  const steps = sections.flatMap((section) => stepOf(section, file))
  if (steps.length === 0)
    throw new UsageError(
      `${file}: no step; a step is a heading with a "yaml step" fence below it`,
      'docs/runbooks.md has the form of a runbook',
    )
  const seen = new Map<string, Step>()
  for (const step of steps) {
    const other = seen.get(step.id)
    if (other)
      throw new UsageError(`${file}:${step.line}: the step id "${step.id}" is taken by line ${other.line}`, 'give one of them another id')
    seen.set(step.id, step)
  }

  const firstStep = sections.findIndex((section) => section.typed !== undefined)
  const limits = front.below('thresholds', thresholdKeys)
  return {
    name,
    title: front.text('title'),
    summary: front.text('summary'),
    symptoms: front.words('symptoms'),
    alerts: front.words('alerts'),
    thresholds: Object.fromEntries(thresholdKeys.filter((key) => limits?.has(key)).map((key) => [key, limits?.number(key)])),
    contacts: front.words('contacts'),
    people: front.each('people', ['id', 'team', 'name', 'reach']).map(contactOf),
    levels: front.each('levels', ['level', 'role', 'respondWithin', 'contacts', 'does', 'handsOverWhen', 'handsOverTo']).map(levelOf),
    intro: sections
      .slice(0, firstStep)
      .filter((section) => section.depth === 1)
      .map((section) => section.prose)
      .join('\n\n'),
    steps,
    fences: sections.filter((section) => section.typed === undefined).flatMap((section) => section.fences),
    file,
  }
}

interface Section {
  title: string
  depth: number
  line: number
  prose: string
  typed: { text: string; line: number } | undefined
  fences: Fence[]
}

/** Headings with what stands under each, fences taken apart. */
function sectionsOf(lines: readonly string[], from: number, file: string): Section[] {
  const sections: Section[] = []
  let section: Section | undefined
  let prose: string[] = []
  const close = () => {
    if (section) section.prose = prose.join('\n').trim()
    prose = []
  }
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const heading = /^(#{1,6}) +(.+)$/.exec(line)
    const fence = /^```\s*(.*)$/.exec(line)
    if (heading) {
      close()
      section = { title: heading[2]?.trim() ?? '', depth: heading[1]?.length ?? 1, line: at + 1, prose: '', typed: undefined, fences: [] }
      sections.push(section)
    } else if (fence) {
      const end = lines.findIndex((other, index) => index > at && other.trim() === '```')
      if (end < 0) throw new UsageError(`${file}:${at + 1}: this fence is never closed`, 'end it with a line of ```')
      const text = lines.slice(at + 1, end).join('\n')
      const info = fence[1]?.trim()
      if (info === 'yaml step') {
        if (!section || section.typed)
          throw new UsageError(
            `${file}:${at + 1}: ${section ? 'a second "yaml step" fence under one heading' : 'a "yaml step" fence before any heading'}`,
            'give each step a heading of its own',
          )
        section.typed = { text, line: at + 2 }
      } else {
        if (section && (info === 'sh' || info === 'promql')) section.fences.push({ language: info, text, line: at + 2 })
        prose.push(...lines.slice(at, end + 1))
      }
      at = end
    } else prose.push(line)
  }
  close()
  return sections
}

function stepOf(section: Section, file: string): Step[] {
  if (!section.typed) return []
  const typed = readMapping(section.typed.text, file, section.typed.line, stepKeys)
  const kind = typed.word('kind', stepKinds)
  const base = {
    id: typed.text('id'),
    phase: typed.word('phase', phases),
    title: section.title,
    prose: section.prose,
    covers: typed.words('covers'),
    fences: section.fences,
    line: section.line,
  }
  const own = { check: 'check', action: 'action', manual: 'look' } as const
  for (const key of ['check', 'action', 'look'] as const)
    if (key !== own[kind] && typed.has(key)) typed.fail(key, `a step of kind ${kind} has no "${key}"; it has "${own[kind]}"`)
  if (kind === 'check') return [{ ...base, kind, check: typed.text('check') }]
  return kind === 'action' ? [{ ...base, kind, action: typed.text('action') }] : [{ ...base, kind, look: typed.text('look') }]
}

function contactOf(entry: Mapping): Contact {
  return { id: entry.text('id'), team: entry.text('team'), name: entry.text('name'), reach: entry.text('reach') }
}

function levelOf(entry: Mapping): Level {
  return {
    level: entry.number('level'),
    role: entry.text('role'),
    respondWithinSeconds: secondsOf(entry, 'respondWithin'),
    contacts: entry.words('contacts'),
    does: entry.words('does'),
    handsOverTo: entry.words('handsOverTo'),
    handsOverWhen: entry.each('handsOverWhen', ['fact', 'after', 'says']).map(
      (trigger): Trigger => ({
        fact: trigger.text('fact'),
        afterSeconds: trigger.has('after') ? secondsOf(trigger, 'after') : 0,
        says: trigger.text('says'),
      }),
    ),
  }
}

/** `90s`, `15m`, `1h`, `2d` -> seconds. */
function secondsOf(entry: Mapping, key: string): number {
  const found = /^(\d+)([smhd])$/.exec(entry.text(key))
  if (!found) return entry.fail(key, `"${key}" must be a time such as 90s, 15m, 1h or 2d`)
  return Number(found[1]) * { s: 1, m: 60, h: 3600, d: 86400 }[found[2] as 's' | 'm' | 'h' | 'd']
}
