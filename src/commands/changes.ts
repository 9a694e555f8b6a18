/** `task-mcp changes`: what changed lately, newest first: revisions of the template, and edits of what the service depends on. */
import type { Context } from '../context.ts'
import { type Change, changes } from '../diagnosis/changes.ts'
import { changeText, material, templateDiff } from '../diagnosis/template-diff.ts'
import { makeView } from '../diagnosis/view.ts'
import type { ExitCode } from '../errors.ts'
import { namespaceSnapshot } from '../facts/namespace-view.ts'
import { workloadOf } from '../facts/workload-pods.ts'
import { renderChanges } from '../output/changes.ts'
import { type LookOptions, lookOnly, quoted, where, workloadWords } from './look-only.ts'

/** What `task-mcp changes --json` prints. */
export interface ChangesReport {
  schemaVersion: 1
  command: 'changes'
  at: string
  service: string
  lookbackSeconds: number
  changes: Change[]
  /** Revisions that are still kept, newest first, each with what it changed against the one before. */
  revisions: { number: number; name: string; createdAt: string | null; pods: number; what: string[] | null }[]
  /** Kinds of objects that were not seen. */
  unseen: { kind: string; reason: string; next: string | null }[]
}

/** What `changes` reads; a kind that may not be listed is missing from the answer and no more. */
const kinds = new Set([
  'configmaps',
  'secrets',
  'services',
  'networkpolicies',
  'resourcequotas',
  'limitranges',
  'horizontalpodautoscalers',
  'poddisruptionbudgets',
  'ingresses',
  'roles',
  'rolebindings',
  'replicasets',
])

export function run(context: Context, _args: readonly string[], options: LookOptions): Promise<ExitCode> {
  return lookOnly<ChangesReport>(context, options, {
    explain: (settings) => [
      `kubectl rollout history ${where(settings)} ${workloadWords(settings)}`,
      `kubectl describe ${where(settings)} ${workloadWords(settings)}`,
      `kubectl get configmaps,secrets,services,networkpolicies ${where(settings)} --show-managed-fields -o jsonpath='{range .items[*]}{.kind}/{.metadata.name}{range .metadata.managedFields[*]} {.time} {.manager}{end}{"\\n"}{end}'`,
      `kubectl diff ${where(settings)} -f ${quoted('YOUR-MANIFESTS')}`,
    ],
    async gather({ context: world, settings, cluster, signal }) {
      const snapshot = await namespaceSnapshot(settings, cluster, world, signal)
      const parts = snapshot.cluster
      const view = makeView(snapshot)
      workloadOf(snapshot, settings)
      return {
        schemaVersion: 1,
        command: 'changes',
        at: snapshot.takenAt,
        service: `${settings.service.namespace}/${settings.service.workload}`,
        lookbackSeconds: settings.lookbackSeconds,
        changes: changes(view),
        revisions: view.revisions.slice(0, 10).map((revision, at) => {
          const before = view.revisions[at + 1]
          const diff = before && templateDiff(before.template, revision.template)
          const told = diff && (material(diff).length > 0 ? material(diff) : diff)
          return {
            number: revision.number,
            name: revision.name,
            createdAt: revision.createdAt ?? null,
            pods: revision.wanted,
            what: told?.map(changeText) ?? null,
          }
        }),
        unseen: Object.entries(parts).flatMap(([kind, part]) =>
          part.state === 'ok' || part.state === 'absent' || !kinds.has(kind)
            ? []
            : [{ kind, reason: part.reason, next: part.next ?? null }],
        ),
      }
    },
    render: renderChanges,
  })
}
