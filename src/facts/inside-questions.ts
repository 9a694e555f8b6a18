/** Questions asked from inside a pod, where the service itself stands: does a name resolve, does a port take a connection. */

export interface PathQuestion {
  host: string
  /** A TCP port; without it only the name is asked for. */
  port?: number
}

export interface PathAnswer extends PathQuestion {
  /** `no-name`: the name does not resolve. `cannot-ask`: the image has nothing to ask with. */
  said: 'ok' | 'refused' | 'timeout' | 'no-name' | 'cannot-ask' | 'failed'
  /** The asking program's own words. */
  detail: string
}

/**
 * Asks all at once with what the image has: getent or nslookup for names; bash, nc or curl for ports. Each answer is one line:
 * the question's number, the exit status (0 it works, 124 no answer in time, 127 nothing to ask with), and what the program said.
 */
const script = `
bounded() { if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift; "$@"; fi; }
name() {
  if command -v getent >/dev/null 2>&1; then bounded 4 getent hosts "$1"
  elif command -v nslookup >/dev/null 2>&1; then bounded 4 nslookup "$1"
  else return 127; fi
}
port() {
  if command -v bash >/dev/null 2>&1; then bounded 3 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2"
  elif command -v nc >/dev/null 2>&1; then bounded 4 nc -z -w 3 "$1" "$2"
  elif command -v curl >/dev/null 2>&1; then
    took=$(curl -sS --connect-timeout 3 -m 4 -o /dev/null -w '%{time_connect}' "telnet://$1:$2" </dev/null); code=$?
    case $took in 0 | 0.0* | '') case $took in *[1-9]*) return 0 ;; esac; [ $code = 28 ] && return 124; return $code ;; esac
  else return 127; fi
}
number=0
for question in "$@"; do
  ( host=\${question%%|*}; at=\${question#*|}
    if [ -n "$at" ]; then said=$(port "$host" "$at" 2>&1); else said=$(name "$host" 2>&1); fi; code=$?
    echo "$number|$code|$(echo $said)" ) &
  number=$((number + 1))
done
wait
`

/** The command to run in the pod. Hosts and ports are its arguments, never part of its text. */
export const insideCommand = (questions: readonly PathQuestion[]): string[] => [
  'sh',
  '-c',
  script,
  'look',
  ...questions.map(({ host, port }) => `${host}|${port ?? ''}`),
]

const noName =
  /not known|name resolution|NXDOMAIN|SERVFAIL|can't (find|resolve)|bad address|could not resolve|no address|getaddrinfo|resolve host/i

function meaning(code: number, text: string, isName: boolean): PathAnswer['said'] {
  if (code === 0) return 'ok'
  if (code === 127 || /not found$/i.test(text)) return 'cannot-ask'
  if (code === 124 || code === 143 || /timed? ?out|no servers could be reached/i.test(text)) return 'timeout'
  if (/refused/i.test(text)) return 'refused'
  return isName || noName.test(text) ? 'no-name' : 'failed'
}

/** What the output of the command says to each question; a question without a line was cut off and is a failure to ask. */
export function insideAnswers(questions: readonly PathQuestion[], output: readonly string[]): PathAnswer[] {
  const lines = new Map(
    output.flatMap((line) => {
      const read = /^(\d+)\|(\d+)\|(.*)$/.exec(line)
      return read ? [[Number(read[1]), { code: Number(read[2]), detail: read[3]! }] as const] : []
    }),
  )
  return questions.map((question, number): PathAnswer => {
    const line = lines.get(number)
    if (!line) return { ...question, said: 'cannot-ask', detail: 'no answer was read' }
    return { ...question, said: meaning(line.code, line.detail, question.port === undefined), detail: line.detail.slice(0, 200) }
  })
}
