/** People at real pseudo-terminals: what they type, what they see. Needs python3, whose standard library makes the terminal. */
import { type ChildProcess, spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

const helper = new URL('./terminal.py', import.meta.url).pathname

export interface Shown {
  /** Exit code of the command. */
  code: number
  /** All that stood on the screen meanwhile, without control sequences. */
  text: string
}

export class Person {
  readonly name: string
  readonly #shell: ChildProcess
  #screen = ''
  #wake = () => {}
  #typed = 0

  constructor(name: string, env: Record<string, string>) {
    this.name = name
    this.#shell = spawn('python3', [helper], {
      env: { ...(process.env as Record<string, string>), ...env, USER: name, PS1: '', TERM: 'xterm' },
    })
    this.#shell.stdout!.on('data', (data: Buffer) => {
      this.#screen += data.toString('utf8')
      this.#wake()
    })
  }

  /** Type a line and wait until its command has ended. `answers` are typed when what they wait for stands on the screen. */
  async type(line: string, answers: readonly { when: RegExp; say: string }[] = [], seconds = 120): Promise<Shown> {
    const mark = `ended-${++this.#typed}`
    const from = this.#screen.length
    // The mark is typed in two parts, so that the echo of the line is not taken for its end.
    this.#shell.stdin!.write(`${line}; printf '%s%s %s\\n' ended -${this.#typed} "$?"\r`)
    const rest = [...answers]
    const ended = new RegExp(`${mark} (\\d+)\\r?\\n`)
    await this.#until(seconds, line, () => {
      const shown = stripVTControlCharacters(this.#screen.slice(from))
      const [next] = rest
      if (next?.when.test(shown)) {
        rest.shift()
        this.#shell.stdin!.write(next.say)
      }
      return ended.test(shown)
    })
    const text = stripVTControlCharacters(this.#screen.slice(from)).replaceAll('\r', '')
    return { code: Number(ended.exec(`${text}`)![1]), text: text.slice(text.indexOf('\n') + 1, text.search(ended)) }
  }

  /** All that was ever on the screen. */
  get everything(): string {
    return stripVTControlCharacters(this.#screen)
  }

  leave(): void {
    this.#shell.stdin!.end()
    this.#shell.kill()
  }

  #until(seconds: number, what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.name} waits for "${what}":\n${this.everything.slice(-1500)}`)), seconds * 1000)
      this.#wake = () => {
        if (!holds()) return
        clearTimeout(late)
        this.#wake = () => {}
        resolve()
      }
      this.#wake()
    })
  }
}
