/** The metric names in a PromQL expression, without a grammar: what is left when everything that cannot be one is taken out. */

const words = new Set([
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'offset',
  'and',
  'or',
  'unless',
  'atan2',
  'start',
  'end',
  'inf',
  'nan',
])

/** Takes one expression; gives each metric name once, in the order of the text. Names within strings, matchers and groupings are labels. */
export function metricNames(expression: string): string[] {
  const bare = expression
    .replace(/#.*$/gm, ' ')
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, ' ')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi, ' ')
    .replace(/\boffset\s+-?[\dsmhdwy]+/gi, ' ')
  const names = [...bare.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\w)(\s*\()?/g)]
    .filter((m) => !m[2] && !words.has(m[1]!.toLowerCase()))
    .map((m) => m[1]!)
  return [...new Set(names)]
}

/** The metric behind a series: a histogram's or summary's `_bucket`, `_sum` and `_count` belong to it. */
export function ofMetric(name: string, metrics: ReadonlySet<string>): boolean {
  return metrics.has(name) || metrics.has(name.replace(/_(bucket|sum|count)$/, ''))
}
