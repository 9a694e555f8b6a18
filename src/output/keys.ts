/** Names and keys of ConfigMaps and Secrets, for a person. */
import type { NamedObject } from '../diagnosis/names.ts'
import { columnsOf, counted, type Look } from './page.ts'
import { wrap } from './text.ts'
import { since } from './time.ts'

interface Keys {
  at: string
  service: string
  objects: readonly NamedObject[]
  leftOut: number
  unseen: readonly { kind: string; reason: string; next: string | null }[]
}

/** What is missing stands out; ends with a newline. */
export function renderKeys(report: Keys, look: Look): string {
  const { style } = look
  const columns = columnsOf(look)
  const lines = wrap(`What ${report.service} is configured with, by name (values are never read)`, columns).map(style.bold)
  if (report.objects.length === 0) lines.push('  nothing: it uses no ConfigMap and no Secret')
  for (const one of report.objects) {
    const type = one.type === null || one.type === 'Opaque' ? '' : ` (${one.type})`
    const edited = one.editedAt === null ? '' : `; written ${since(one.editedAt, report.at)}${one.by ? ` by ${one.by}` : ''}`
    const what =
      one.exists === false
        ? 'is not there'
        : one.exists === null
          ? 'was not seen'
          : one.keys === null
            ? `keys not known${edited}`
            : `${counted(one.keys.length, 'key')}: ${one.keys.join(', ') || 'none'}${edited}`
    const bad = one.exists === false || one.missing.length > 0
    lines.push(
      ...wrap(`${one.kind} ${one.name}${type}${one.used ? '' : ', not used by it'}: ${what}`, columns, '  ', '    ').map(
        bad ? style.red : (text: string) => text,
      ),
    )
    if (one.missing.length > 0)
      lines.push(...wrap(`the workload wants ${one.missing.join(', ')}, which is not there`, columns, '    ').map(style.red))
  }
  if (report.leftOut > 0) lines.push(style.dim(`${counted(report.leftOut, 'more')} in the namespace: --all`))
  for (const { reason, next } of report.unseen)
    lines.push(...wrap(reason, columns).map(style.yellow), ...(next ?? '').split('\n').filter((line) => line !== ''))
  return `${lines.join('\n')}\n`
}
