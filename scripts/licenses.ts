/** dist/LICENSES.txt: the licenses of everything that is bundled, because they ask to travel with the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Plugin } from 'rolldown'

/** A rolldown plugin that writes LICENSES.txt beside the build: name, version, license and its text, for every package with a module in it. */
export function licenses(): Plugin {
  return {
    name: 'licenses',
    generateBundle(_options, bundle) {
      const folders = new Set<string>()
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        for (const id of chunk.moduleIds) {
          const folder = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]
          if (folder) folders.add(folder)
        }
      }
      const parts = [...folders].map(notice).sort()
      this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: parts.join(`\n${'-'.repeat(80)}\n\n`) })
    },
  }
}

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Record<string, string>
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  const text =
    file && existsSync(path.join(folder, file))
      ? readFileSync(path.join(folder, file), 'utf8').trim()
      : 'No license text comes with the package.'
  return `${name} ${version} (${license ?? 'no license named'})\n\n${text}\n`
}
