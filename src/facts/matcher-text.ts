import type { Matcher } from '../targets/ports.ts'

/** As Alertmanager and amtool write it: `name="value"`, `name!="value"`, `name=~"expression"`, `name!~"expression"`. */
export function matcherText({ name, value, isRegex, isEqual }: Matcher): string {
  return `${name}${isEqual ? '=' : '!'}${isRegex ? '~' : isEqual ? '' : '='}${JSON.stringify(value)}`
}
