/** What a test of the alerts is made of. One sample a minute; minutes are counted from the start of the case. */

export interface Series {
  series: string
  values: string
}

/** One alert at one minute: which instances fire, by their labels and by what the templates in their annotations show. */
export interface Check {
  alert: string
  at: number
  firing: { labels: Record<string, string>; shown?: Record<string, string> }[]
}

export interface Case {
  name: string
  series: Series[]
  checks: Check[]
}

export const job = 'job="task-mcp-http"'
export const pod = `${job},instance="pod-a"`
/** Long enough for every case that looks at one steady state. */
export const steady = 150

/** A counter that grows by each rate in turn for so many minutes. */
export function counter(name: string, labels: string, ...parts: readonly (readonly [perMinute: number, minutes: number])[]): Series {
  let value = 0
  const values = parts.map(([perMinute, minutes], index) => {
    const start = index === 0 ? 0 : value + perMinute
    value = start + perMinute * (index === 0 ? minutes : minutes - 1)
    return `${number(start)}+${number(perMinute)}x${index === 0 ? minutes : minutes - 1}`
  })
  return { series: `${name}{${labels}}`, values: values.join(' ') }
}

/** A gauge that has each value in turn for so many minutes. */
export function gauge(name: string, labels: string, ...parts: readonly (readonly [value: number, minutes: number])[]): Series {
  return { series: `${name}{${labels}}`, values: parts.map(([value, minutes]) => `${number(value)}x${minutes - 1}`).join(' ') }
}

function number(value: number): string {
  return String(Number(value.toPrecision(12)))
}

/** An alert that must fire at that minute, and not one minute before. */
export function fires(alert: string, at: number, ...firing: Check['firing']): Check[] {
  return [
    { alert, at: at - 1, firing: [] },
    { alert, at, firing },
  ]
}

export function quiet(alert: string, at: number): Check {
  return { alert, at, firing: [] }
}
