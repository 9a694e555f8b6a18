/** `task-mcp keys`: ConfigMaps and Secrets by name and key. Values are never asked for. */
import type { Context } from '../context.ts'
import { type NamedObject, namedObjects } from '../diagnosis/names.ts'
import { makeView } from '../diagnosis/view.ts'
import { type ExitCode, exit } from '../errors.ts'
import { namespaceSnapshot } from '../facts/namespace-view.ts'
import { renderKeys } from '../output/keys.ts'
import { type LookOptions, lookOnly, where } from './look-only.ts'

interface KeysOptions extends LookOptions {
  readonly all: boolean
}

/** What `task-mcp keys --json` prints. */
export interface KeysReport {
  schemaVersion: 1
  command: 'keys'
  at: string
  service: string
  objects: NamedObject[]
  /** Objects of the namespace that the workload does not use, where they were left out. */
  leftOut: number
  unseen: { kind: string; reason: string; next: string | null }[]
}

export function run(context: Context, _args: readonly string[], options: KeysOptions): Promise<ExitCode> {
  return lookOnly<KeysReport>(context, options, {
    explain: (settings) => [
      `kubectl get configmaps ${where(settings)} -o go-template='{{range .items}}{{.metadata.name}}{{range $k, $v := .data}} {{$k}}{{end}}{{"\\n"}}{{end}}'`,
      `kubectl get secrets ${where(settings)} -o go-template='{{range .items}}{{.metadata.name}} {{.type}}{{range $k, $v := .data}} {{$k}}{{end}}{{"\\n"}}{{end}}'`,
    ],
    async gather({ context: world, settings, cluster, signal }) {
      const snapshot = await namespaceSnapshot(settings, cluster, world, signal)
      const found = namedObjects(makeView(snapshot))
      const shown = options.all ? found : found.filter((one) => one.used)
      return {
        schemaVersion: 1,
        command: 'keys',
        at: snapshot.takenAt,
        service: `${settings.service.namespace}/${settings.service.workload}`,
        objects: shown,
        leftOut: found.length - shown.length,
        unseen: (['configmaps', 'secrets'] as const).flatMap((kind) => {
          const part = snapshot.cluster[kind]
          return part === undefined || part.state === 'ok' ? [] : [{ kind, reason: part.reason, next: part.next ?? null }]
        }),
      }
    },
    render: renderKeys,
    code: ({ objects, unseen }) =>
      objects.some((one) => one.exists === false || one.missing.length > 0) ? exit.findings : unseen.length === 2 ? exit.denied : exit.ok,
  })
}
