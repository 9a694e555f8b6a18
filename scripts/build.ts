/** Builds dist/ beside itself and swaps it in whole, so that a program that starts meanwhile finds the old build or the new one, never half of one. */
import { renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'rolldown'
import config from '../rolldown.config.ts'

const root = path.resolve(import.meta.dirname, '..')
const place = (name: string) => path.join(root, name)
const fresh = place(`dist-${process.pid}`)
const old = place(`dist-${process.pid}-old`)

process.chdir(root)
try {
  const started = performance.now()
  const { output } = await build({ ...config, output: { ...config.output, dir: fresh } })
  try {
    renameSync(place('dist'), old)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  renameSync(fresh, place('dist'))
  process.stderr.write(`dist/: ${output.length} files in ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
} finally {
  rmSync(fresh, { recursive: true, force: true })
  rmSync(old, { recursive: true, force: true })
}
