/** Numbers of an error budget for people. */

/** `99.912%`: enough digits that the distance from the target can be seen. null is `-`. */
export function percent(share: number | null, digits = 3): string {
  if (share === null) return '-'
  const value = share * 100
  return `${trimmed(value, digits)}%`
}

/** `12%`, `-80%`, `0.4%`: whole, unless that would hide everything. */
export function roughPercent(share: number | null): string {
  if (share === null) return '-'
  const value = share * 100
  return `${Math.abs(value) >= 10 || value === 0 ? Math.round(value) : trimmed(value, 1)}%`
}

/** `1,210`, `40.6`, `2.3 million`. */
export function amount(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e6) return `${trimmed(value / 1e6, 2)} million`
  return size >= 100 ? Math.round(value).toLocaleString('en-US') : trimmed(value, size >= 10 ? 1 : 2)
}

/** `0`, `0.4`, `14.4`, `133`. null is `-`. */
export function rate(value: number | null): string {
  return value === null ? '-' : trimmed(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)
}

function trimmed(value: number, digits: number): string {
  const text = String(Number(value.toFixed(digits)))
  return text === '-0' ? '0' : text
}
