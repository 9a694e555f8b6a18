const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** A Kubernetes quantity ("250m", "64Mi", "1e3") as a number of its base unit (cores, bytes); undefined where there is none or it does not parse. */
export function quantity(text: string | undefined): number | undefined {
  const match = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkKMGTPE]?i?)$/.exec(text?.trim() ?? '')
  const factor = match ? suffixes[match[2] ?? ''] : undefined
  return match && factor !== undefined ? Number(match[1]) * factor : undefined
}

/** Bytes for a person: "64Mi", "1.5Gi". */
export function bytes(value: number): string {
  for (const [unit, size] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const) {
    if (Math.abs(value) >= size) return `${Number((value / size).toFixed(value / size < 10 ? 1 : 0))}${unit}`
  }
  return `${Math.round(value)} B`
}

/** Cores for a person: "250m", "1.5". */
export function cores(value: number): string {
  return value < 1 ? `${Math.round(value * 1000)}m` : `${Number(value.toFixed(2))}`
}

/** A share for a person, in two digits: "4.2%"; undefined is that of no requests. */
export const percent = (ratio: number | undefined): string =>
  ratio === undefined ? 'no traffic' : `${Number((ratio * 100).toPrecision(2))}%`

/** Seconds in whole milliseconds, for people. */
export const ms = (seconds: number): string => `${Math.round(seconds * 1000)} ms`
