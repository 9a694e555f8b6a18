/**
 * The items of a written runbook: its numbered steps, the command lines of its fences and its bullets, each with an id
 * made from where it stands (`service-downtime.immediate.1.cmd2`), so that the same text always gives the same ids.
 */

export interface SourceItem {
  /** section . part [. step number] [. cmdN or bN], both counted within their step or part. */
  id: string
  kind: 'step' | 'command' | 'bullet'
  /** The words of the source. */
  text: string
}

/** Takes the Markdown of a written runbook and gives its items in the order of the text. */
export function sourceItems(markdown: string): SourceItem[] {
  const items: SourceItem[] = []
  const counts = new Map<string, number>()
  let place = { section: '', part: '', list: '', step: '' }
  let fenced = false

  const idOf = (suffix: string) => [place.section, place.part, place.list, place.step, suffix].filter(Boolean).join('.')
  const add = (kind: 'command' | 'bullet', prefix: string, text: string) => {
    const key = idOf(prefix)
    const n = (counts.get(key) ?? 0) + 1
    counts.set(key, n)
    items.push({ id: idOf(`${prefix}${n}`), kind, text })
  }

  for (const line of markdown.split('\n')) {
    const text = line.trim()
    if (text.startsWith('```')) fenced = !fenced
    else if (fenced) {
      if (text !== '' && !text.startsWith('#')) add('command', 'cmd', text)
    } else if (text.startsWith('## ')) place = { section: slug(text), part: '', list: '', step: '' }
    else if (text.startsWith('### ')) place = { ...place, part: phaseOf(text) ?? slug(text), list: '', step: '' }
    else if (/^\*\*[^*]+:\*\*$/.test(text)) place = { ...place, list: slug(text), step: '' }
    else if (/^\d+\. \*\*/.test(text)) {
      place = { ...place, step: text.slice(0, text.indexOf('.')) }
      items.push({ id: idOf(''), kind: 'step', text: text.replace(/^\d+\. /, '').replaceAll('**', '') })
    } else if (text.startsWith('- ')) add('bullet', 'b', text.slice(2))
  }
  return items
}

/** The phase that a heading names by its minutes, however its words are spelt. */
function phaseOf(heading: string): string | undefined {
  if (heading.includes('(0-5')) return 'immediate'
  if (heading.includes('(5-15')) return 'troubleshooting'
  return heading.includes('(15+') ? 'recovery' : undefined
}

/** `### Level 1: On-call Engineer` -> `level-1`. */
function slug(heading: string): string {
  const words = heading.replace(/^#+ /, '').replaceAll('**', '').split(/[:(]/)[0] ?? ''
  return words
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
}
