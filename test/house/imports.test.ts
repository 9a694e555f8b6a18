import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { allImports, broken, type Import, importsOf, mayImport, roomOf, sources } from './imports.ts'

const src = path.resolve(import.meta.dirname, '../../src')
const imports = allImports(src)

test('who may import whom', () => {
  const complaints = imports.flatMap((one) => {
    const rule = broken(one)
    return rule ? [`src/${one.file} imports ${one.specifier}: ${rule}`] : []
  })
  expect(complaints).toEqual([])
})

test('every room has a rule', () => {
  const rooms = new Set(
    sources(src)
      .filter((file) => file.includes('/'))
      .map(roomOf),
  )
  expect([...rooms].filter((room) => mayImport[room] === undefined)).toEqual([])
})

test('what every command loads first has no package in it, so that --help starts fast', () => {
  const seen = new Set<string>()
  const packages: string[] = []
  const visit = (file: string, trail: string[]) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const one of imports.filter((candidate) => candidate.file === file && !candidate.lazy && !candidate.typeOnly)) {
      if (one.target?.endsWith('.ts')) visit(one.target, [...trail, file])
      else if (one.target === undefined && !one.specifier.startsWith('node:'))
        packages.push(`${[...trail, file].join(' -> ')} imports ${one.specifier}: import it lazily, with import()`)
    }
  }
  visit('start.ts', [])
  expect(packages).toEqual([])
  expect(seen.size).toBeGreaterThan(5)
})

test('the clock, the environment and the process are touched in world.ts and start.ts alone', () => {
  const touches =
    /\bDate\.now\(|\bnew Date\(\)|\bprocess\.(env|exit|exitCode|stdout|stderr|stdin|argv|cwd|on)\b|\bconsole\.|\bMath\.random\(/
  const complaints = sources(src)
    .filter((file) => !['world.ts', 'start.ts'].includes(file) && roomOf(file) !== 'server')
    .flatMap((file) => {
      const lines = readFileSync(path.join(src, file), 'utf8')
        .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
        .split('\n')
      return lines.flatMap((line, at) => {
        const touched = touches.exec(line.replace(/\/\/.*$/, ''))
        return touched ? [`src/${file}:${at + 1} uses ${touched[0]}: take it from the Context`] : []
      })
    })
  expect(complaints).toEqual([])
})

describe('the rules themselves', () => {
  const rule = (file: string, code: string) => importsOf(file, code).map(broken)[0]
  const kept = (...one: Parameters<typeof rule>) => expect(rule(...one)).toBeUndefined()
  const breaks = (...one: Parameters<typeof rule>) => expect(rule(...one)).toBeTypeOf('string')

  test('read every way to import', () => {
    const code = `
      import a from 'a'
      import type { B } from './b.ts'
      import {
        c,
        type C,
      } from '../c.ts'
      import 'd'
      export { e } from './e.ts'
      export * from './f.ts'
      // import g from 'g'
      /* import h from 'h' */
      type I = typeof import('i')
      const j = () => import('./j.ts')
      import k from '../package.json' with { type: 'json' }`
    const short = ({ specifier, target, typeOnly, lazy }: Import) => [specifier, target, typeOnly, lazy]
    expect(importsOf('x/y.ts', code).map(short)).toEqual([
      ['a', undefined, false, false],
      ['./b.ts', 'x/b.ts', true, false],
      ['../c.ts', 'c.ts', false, false],
      ['d', undefined, false, false],
      ['./e.ts', 'x/e.ts', false, false],
      ['./f.ts', 'x/f.ts', false, false],
      ['../package.json', 'package.json', false, false],
      ['i', undefined, true, true],
      ['./j.ts', 'x/j.ts', false, true],
    ])
  })

  test('catch what they are for', () => {
    breaks('diagnosis/rank.ts', `import { readFile } from 'node:fs/promises'`)
    kept('diagnosis/rank.ts', `import { createHash } from 'node:crypto'`)
    breaks('diagnosis/rank.ts', `import { x } from '../commands/x.ts'`)
    kept('diagnosis/rank.ts', `import { x } from '../facts/snapshot.ts'`)
    breaks('facts/gather.ts', `import { openCluster } from '../targets/kubernetes.ts'`)
    kept('facts/gather.ts', `import type { Cluster } from '../targets/ports.ts'`)
    breaks('facts/gather.ts', `import { KubeConfig } from '@kubernetes/client-node'`)
    breaks('output/text.ts', `import chalk from 'chalk'`)
    breaks('commands/diagnose.ts', `import { listen } from '../server/http/listen.ts'`)
    kept('commands/serve.ts', `import { listen } from '../server/http/listen.ts'`)
    breaks('server/http/listen.ts', `import { diagnose } from '../../diagnosis/rank.ts'`)
    breaks('server/http/listen.ts', `import type { Verdict } from '../../diagnosis/verdict.ts'`)
    breaks('facts/gather.ts', `import { x } from '../../scripts/x.ts'`)
  })
})
