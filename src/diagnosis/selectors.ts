import type { LabelSelector, Labels } from '../facts/kubernetes/object.ts'

/** Whether a plain map selector, as a Service has it, picks these labels. An empty or absent map picks nothing. */
export function mapSelects(selector: Labels | undefined, labels: Labels | undefined): boolean {
  const wanted = Object.entries(selector ?? {})
  return wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value)
}

/** Whether a LabelSelector picks these labels. Undefined picks nothing, empty picks everything, as the API defines it. */
export function selects(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (!selector) return false
  const has = labels ?? {}
  if (!Object.entries(selector.matchLabels ?? {}).every(([key, value]) => has[key] === value)) return false
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = has[key]
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value)
      case 'NotIn':
        return value === undefined || !values.includes(value)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        return value === undefined
      case 'Gt':
        return value !== undefined && Number(value) > Number(values[0])
      case 'Lt':
        return value !== undefined && Number(value) < Number(values[0])
      default:
        return false
    }
  })
}

/** A selector for a person: "app=x,tier in (a,b)". */
export function selectorText(selector: Labels | LabelSelector | undefined): string {
  if (!selector || Object.keys(selector).length === 0) return '(empty)'
  if (!('matchLabels' in selector) && !('matchExpressions' in selector)) {
    return Object.entries(selector as Labels)
      .map(([k, v]) => `${k}=${v}`)
      .join(',')
  }
  const { matchLabels = {}, matchExpressions = [] } = selector as LabelSelector
  return (
    [
      ...Object.entries(matchLabels).map(([k, v]) => `${k}=${v}`),
      ...matchExpressions.map((e) =>
        e.values?.length ? `${e.key} ${e.operator.toLowerCase()} (${e.values.join(',')})` : `${e.key} ${e.operator}`,
      ),
    ].join(',') || '(empty)'
  )
}
