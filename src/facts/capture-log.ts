/** A container's log as it is kept: without credentials, without what could move a terminal's cursor. Pure. */
import { redact } from './redact.ts'

const longestLine = 8000
const keyBegins = /-----BEGIN [A-Z ]*PRIVATE KEY-----/
const keyEnds = /-----END [A-Z ]*PRIVATE KEY-----/

/** Line by line, so that a stray quote cannot swallow the lines after it; a private key is left out over all its lines. */
export function logText(raw: string, known: ReadonlySet<string>): string {
  let inKey = false
  const lines = raw
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const ends = keyEnds.test(line)
      if (inKey) {
        inKey = !ends
        return []
      }
      inKey = keyBegins.test(line) && !ends
      const [, time = '', said = ''] = /^(\d{4}-\d{2}-\d{2}T[\d:.]+Z )?(.*)$/s.exec(line) ?? []
      const short = said.length > longestLine ? `${said.slice(0, longestLine)} [${said.length - longestLine} characters cut]` : said
      // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes in logs are taken out before they reach another terminal
      return [time + redact(short.replace(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f]/g, ''), known)]
    })
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
