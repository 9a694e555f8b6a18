import { expect, test } from 'vitest'
import { ansi, plain } from '../../src/output/style.ts'
import { clean, width } from '../../src/output/text.ts'
import { renderVerdict } from '../../src/output/verdict.ts'
import { oneCause, severalCauses, verdicts } from './verdicts.ts'

const golden = (name: string) => new URL(`../golden/verdict/${name}`, import.meta.url).pathname

for (const [name, verdict] of Object.entries(verdicts)) {
  for (const columns of [80, 60]) {
    test(`${name} at ${columns} columns`, async () => {
      const look = { columns, verbose: false }
      const text = renderVerdict(verdict, { ...look, style: plain })
      await expect(text).toMatchFileSnapshot(golden(`${name}.${columns}.txt`))
      await expect(renderVerdict(verdict, { ...look, style: ansi })).toMatchFileSnapshot(golden(`${name}.${columns}.ansi`))
    })
  }

  test(`${name}: colour changes nothing but colour, and every line but a command fits`, () => {
    const commands = new Set(
      verdict.causes
        .flatMap((cause) => cause.remedies.map((remedy) => `  ${remedy.command}`))
        .concat(verdict.notSeen.flatMap((one) => (one.next ?? '').split('\n').map((line) => `          ${line}`))),
    )
    for (const columns of [60, 80, 200]) {
      const text = renderVerdict(verdict, { columns, style: plain, verbose: true })
      expect(clean(renderVerdict(verdict, { columns, style: ansi, verbose: true }))).toBe(clean(text))
      expect(text.split('\n').filter((line) => width(line) > columns && !commands.has(line))).toEqual([])
      expect(text).not.toMatch(/[\u2500-\u257f]|[ \t]\n/)
    }
  })
}

test('the first ten lines say what is wrong, with what, since when, what to do and what not to', () => {
  const [cause] = oneCause.causes
  const first = renderVerdict(oneCause, { columns: 80, style: plain, verbose: false }).split('\n').slice(0, 10)
  expect(first[0]).toMatch(/^FAULTY: /)
  expect(first.join('\n')).toContain('bad_release, Deployment shop/checkout')
  expect(first.join('\n')).toContain('03:12:40 UTC, 14 min ago')
  expect(first).toContain(`  ${cause!.remedies[0]!.command}`)
  expect(first.join('\n')).toContain('Do NOT  - restart')
})

test('a command stays on one line of its own, however narrow the terminal is', () => {
  const lines = renderVerdict(severalCauses, { columns: 20, style: plain, verbose: false }).split('\n')
  for (const cause of severalCauses.causes) for (const remedy of cause.remedies) expect(lines).toContain(`  ${remedy.command}`)
})

test('what a pod logged cannot move the cursor, forge a line or reverse the text', () => {
  const [cause] = oneCause.causes
  const nasty = '\u001b[2J\u001b]0;owned\u0007 fine\r\nHEALTHY: all is well \u202egnp.exe'
  const text = renderVerdict(
    { ...oneCause, causes: [{ ...cause!, evidence: [{ source: 'logs', asked: nasty, observed: nasty }] }] },
    { columns: 80, style: plain, verbose: true },
  )
  expect(text).not.toMatch(/(?!\n)\p{Cc}|\p{Cf}/u)
  expect(text.split('\n').filter((line) => line.startsWith('HEALTHY'))).toEqual([])
})

test('a long proof is cut to six facts unless asked for', () => {
  const [cause] = oneCause.causes
  const evidence = Array.from({ length: 9 }, (_, index) => ({ source: 'kubernetes' as const, asked: `fact ${index}`, observed: 'seen' }))
  const verdict = { ...oneCause, causes: [{ ...cause!, evidence }] }
  const short = renderVerdict(verdict, { columns: 80, style: plain, verbose: false })
  expect(short).toContain('fact 5')
  expect(short).not.toContain('fact 6')
  expect(short).toContain('and 3 more: --verbose')
  expect(renderVerdict(verdict, { columns: 80, style: plain, verbose: true })).toContain('fact 8')
})

test('the measurement that is over its threshold is drawn, one that is not is left out', () => {
  const end = Date.parse(oneCause.window.end) / 1000
  const points = Array.from({ length: 240 }, (_, index): [number, number] => [end - 3600 + index * 15, index < 184 ? 0 : 0.158])
  const charts = [
    { title: 'Requests that fail', unit: 'ratio' as const, points, threshold: 0.01 },
    { title: 'Latency', unit: 'seconds' as const, points: points.map(([at]): [number, number] => [at, 0.05]), threshold: 0.2 },
  ]
  const text = renderVerdict(oneCause, { columns: 80, style: plain, verbose: false }, charts)
  expect(text).toContain('Chart   Requests that fail, 02:26:40 UTC to 03:26:40 UTC, at most 15.8%\n        |▁▁▁')
  expect(text).toMatch(/\|▁{46}█{14}\|\n/)
  expect(text).not.toContain('Latency')
  const tall = renderVerdict(oneCause, { columns: 80, style: plain, verbose: true }, charts)
  expect(tall.match(/^ {8}\|[\u2800-\u28ff]{60}\|$/gm)).toHaveLength(4)
})
