import { spawnSync } from 'node:child_process'
import net from 'node:net'
import { expect, test } from 'vitest'
import { insideAnswers, insideCommand, type PathQuestion } from '../../src/facts/inside-questions.ts'

/** Asks with this machine's own shell and programs, or with those of a PATH alone. */
function asks(questions: PathQuestion[], env = process.env) {
  const [program, ...args] = insideCommand(questions)
  const ran = spawnSync(program!, args, { encoding: 'utf8', env })
  return insideAnswers(questions, ran.stdout.split('\n')).map(({ said }) => said)
}

test('a port that listens answers, one that does not refuses, and names resolve or do not', async () => {
  const server = net.createServer((socket) => socket.destroy())
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as net.AddressInfo
  const questions = [
    { host: '127.0.0.1', port },
    { host: '127.0.0.1', port: 1 },
    { host: 'localhost' },
    { host: 'nowhere.invalid' },
    { host: 'nowhere.invalid', port: 5432 },
  ]
  const answers = asks(questions)
  server.close()
  expect(answers.slice(0, 3)).toEqual(['ok', 'refused', 'ok'])
  // A machine without any resolver may answer late instead of with no.
  for (const answer of answers.slice(3)) expect(['no-name', 'timeout']).toContain(answer)
})

test('a host is an argument and never a command', () => {
  const answers = asks([{ host: '$(echo 127.0.0.1)', port: 1 }, { host: '; echo 1|0|hacked' }])
  expect(answers).not.toContain('ok')
})

test('what was cut off or could not be asked is not taken for an answer', () => {
  const questions = [{ host: 'a' }, { host: 'b', port: 1 }, { host: 'c', port: 2 }, { host: 'd', port: 3 }]
  const output = ['0|127|', '1|124|', 'sh: noise', '2|1|nc: c (10.0.0.3:2): Connection refused']
  expect(insideAnswers(questions, output).map(({ said }) => said)).toEqual(['cannot-ask', 'timeout', 'refused', 'cannot-ask'])
})
