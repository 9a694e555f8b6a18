import { describe, expect, test } from 'vitest'
import type { CommandEntry, Run } from '../../src/commands/entry.ts'
import { DeniedError, exit, InterruptedError } from '../../src/errors.ts'
import { aWorld, cli } from '../support/world.ts'

/** A table with one command that does what the test says. */
function aTable(run: Run, more: Partial<CommandEntry> = {}): CommandEntry[] {
  return [
    {
      usage: 'look [thing]',
      summary: 'look at a thing',
      group: 'look',
      options: [
        { flags: '--for <duration>', summary: 'how long', kind: 'duration' },
        { flags: '--replicas <number>', summary: 'how many', kind: 'integer' },
        { flags: '--level <level>', summary: 'how deep', choices: ['shallow', 'deep'] },
        { flags: '--set <pair>', summary: 'a pair', repeat: true },
        { flags: '--share <ratio>', summary: 'how much', kind: 'ratio' },
        { flags: '--dry-run', summary: 'only try' },
      ],
      examples: [{ line: 'task-mcp look moon', about: 'at the moon' }],
      load: async () => ({ run }),
      ...more,
    },
    {
      usage: 'runbook list',
      summary: 'list runbooks',
      group: 'runbook',
      options: [],
      examples: [],
      load: async () => ({ run: async () => exit.ok }),
    },
    { usage: 'runbook show <name>', summary: 'show one', group: 'runbook', options: [], examples: [], load: async () => ({ run }) },
  ]
}

/** Hands back what the command was given. */
function seen() {
  const calls: { args: readonly string[]; options: Record<string, unknown> }[] = []
  const run = (async (_context, args, options) => {
    calls.push({ args, options: options as Record<string, unknown> })
    return exit.ok
  }) as Run
  return { calls, run }
}

describe('the command line', () => {
  test('reaches the command with words and typed options', async () => {
    const { calls, run } = seen()
    const r = await cli(aWorld(), aTable(run))(
      'look',
      'moon',
      '--for',
      '1m30s',
      '--replicas=3',
      '--level',
      'deep',
      '--set',
      'a',
      '--set',
      'b',
      '--share',
      '5%',
      '--json',
    )
    expect(r).toEqual({ code: 0, out: '', err: '' })
    expect(calls[0]!.args).toEqual(['moon'])
    expect(calls[0]!.options).toMatchObject({
      for: 90,
      replicas: 3,
      level: 'deep',
      set: ['a', 'b'],
      share: 0.05,
      json: true,
      dryRun: false,
      color: true,
    })
  })

  test('takes options of every command before the command too', async () => {
    const { calls, run } = seen()
    await cli(aWorld(), aTable(run))('-n', 'shop', '--timeout', '5s', 'runbook', 'show', 'high-error-rate')
    expect(calls[0]).toMatchObject({ args: ['high-error-rate'], options: { namespace: 'shop', timeout: 5 } })
  })

  test('leaves words after -- alone', async () => {
    const { calls, run } = seen()
    await cli(aWorld(), aTable(run))('look', '--', '--help')
    expect(calls[0]!.args).toEqual(['--help'])
  })

  test.each([
    [['lok'], 'task-mcp has no command "lok"', 'did you mean look?'],
    [['runbook', 'lst'], 'task-mcp runbook has no command "lst"', 'did you mean runbook list?'],
    [['runbook'], 'task-mcp runbook needs one more word: list, show', 'task-mcp help runbook'],
    [['xyzzy'], 'task-mcp has no command "xyzzy"', 'task-mcp --help'],
    [['help', 'lok'], 'task-mcp has no command "lok"', 'did you mean look?'],
    [['look', '--dryrun'], 'look has no option --dryrun', 'did you mean --dry-run?'],
    [['look', '--jason=1'], 'look has no option --jason', 'did you mean --json?'],
    [['look', '-q'], 'look has no option -q', 'task-mcp look --help'],
    [['look', 'moon', 'sun'], 'look was given more words than it takes: moon sun', 'task-mcp look --help'],
    [['runbook', 'show'], 'runbook show needs <name>', 'task-mcp runbook show --help'],
    [['look', '--for'], '--for <duration> needs a value', 'task-mcp look --help'],
    [['look', '--for', 'soon'], '--for takes a duration, not "soon"', 'for example --for 90s'],
    [['look', '--replicas', '-1'], '--replicas takes a whole number, not "-1"', 'for example --replicas 3'],
    [['look', '--share', '150%'], '--share takes a ratio, not "150%"', '0.05 or 5%'],
    [['look', '--level', 'dep'], '--level does not know "dep"', 'did you mean deep?'],
    [['--json'], 'no command was given', 'task-mcp --help'],
  ])('%j is a usage error that says what to type', async (argv, message, next) => {
    const r = await cli(aWorld(), aTable(seen().run))(...argv)
    expect(r.code).toBe(2)
    expect(r.out).toBe('')
    expect(r.err).toContain(message)
    expect(r.err).toContain(next)
    expect(r.err).not.toContain('    at ')
  })

  test('says its version', async () => {
    expect(await cli(aWorld())('--version')).toEqual({ code: 0, out: 'task-mcp 1.2.3\n', err: '' })
  })
})

describe('how a command ends', () => {
  test('expected trouble is a message and the next step, without a stack', async () => {
    const run: Run = async () => {
      throw new DeniedError('listing pods in shop is denied to kim', 'grant: verbs [list], resources [pods]', {
        cause: new Error('HTTP 403'),
      })
    }
    const r = await cli(aWorld(), aTable(run))('look')
    expect(r).toEqual({
      code: 4,
      out: '',
      err: 'task-mcp: listing pods in shop is denied to kim\n  grant: verbs [list], resources [pods]\n',
    })
    expect((await cli(aWorld(), aTable(run))('look', '-v')).err).toContain('because: HTTP 403')
  })

  test('anything else is a bug of ours: the stack, and where to report it', async () => {
    const run: Run = async () => {
      throw new TypeError('cannot read properties of undefined')
    }
    const r = await cli(aWorld(), aTable(run))('look')
    expect(r.code).toBe(1)
    expect(r.err).toContain('task-mcp 1.2.3 failed in a way nobody expected')
    expect(r.err).toMatch(/TypeError: cannot read properties of undefined\n {4}at .*main\.test\.ts/)
    expect(r.err).toContain('CONTRIBUTING.md')
  })

  test('Ctrl-C stops a read at once, with 130, whatever the read then throws', async () => {
    const person = new AbortController()
    const run: Run = (context) =>
      new Promise((_, reject) => {
        context.signal.addEventListener('abort', () => reject(new Error('socket hang up')))
        person.abort(new InterruptedError())
      })
    const r = await cli(aWorld({ signal: person.signal }), aTable(run))('look')
    expect(r).toEqual({ code: 130, out: '', err: 'task-mcp: interrupted\n' })
  })

  test('a command that does not listen to Ctrl-C is left behind', async () => {
    const person = new AbortController()
    const run: Run = () => {
      person.abort(new InterruptedError())
      return new Promise(() => {})
    }
    expect((await cli(aWorld({ signal: person.signal }), aTable(run))('look')).code).toBe(130)
  })

  test('--timeout is a deadline for the whole command', async () => {
    const run: Run = (context) => new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason)))
    const r = await cli(aWorld(), aTable(run))('look', '--timeout', '50ms')
    expect(r.code).toBe(5)
    expect(r.err).toContain('look did not finish within 50ms')
  })

  test('a command that stops by itself gets the signal and its own time', async () => {
    const person = new AbortController()
    const run: Run = async (context) => {
      person.abort(new InterruptedError())
      expect(context.signal.aborted).toBe(true)
      return exit.ok
    }
    expect((await cli(aWorld({ signal: person.signal }), aTable(run, { stopsItself: true }))('look')).code).toBe(0)
  })

  test('--no-color reaches the terminal that the command is given', async () => {
    const run: Run = async (context) => {
      context.terminal.out(String(context.terminal.color))
      return exit.ok
    }
    const world = () => aWorld({ env: { FORCE_COLOR: '1' } })
    expect((await cli(world(), aTable(run))('look')).out).toBe('true')
    expect((await cli(world(), aTable(run))('look', '--no-color')).out).toBe('false')
  })
})
