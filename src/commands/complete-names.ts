/** Names that a shell may offer: of runbooks, of contexts in the kubeconfigs, of namespaces in the cluster. */
import path from 'node:path'
import type { Context } from '../context.ts'

export type NameKind = 'runbook' | 'context' | 'namespace'
export type Names = (kind: NameKind) => Promise<readonly string[]>

/** A key press waits no longer for a cluster, in milliseconds. */
const patience = 1500

/**
 * Names of a kind, sorted; none where they cannot be had, for completion stays silent.
 * @param words the command line so far, for its --context and --kubeconfig
 */
export function namesFor(context: Context, words: readonly string[]): Names {
  const said = (option: string): string | undefined => {
    const at = words.indexOf(option)
    return at >= 0 ? words[at + 1] || undefined : words.find((word) => word.startsWith(`${option}=`))?.slice(option.length + 1)
  }
  const given = { context: said('--context'), kubeconfig: said('--kubeconfig'), config: said('--config') }
  const kinds: Readonly<Record<NameKind, () => Promise<readonly string[]>>> = {
    runbook: () => runbooks(context),
    context: () => contexts(context, given.kubeconfig),
    namespace: () => namespaces(context, given),
  }
  return async (kind) => [...(await kinds[kind]().catch(() => []))].sort()
}

async function runbooks(context: Context): Promise<string[]> {
  const names = await context.files.list(`${context.root}/runbooks`)
  return names.filter((name) => name.endsWith('.md')).map((name) => name.slice(0, -'.md'.length))
}

async function contexts(context: Context, kubeconfig: string | undefined): Promise<string[]> {
  const { parse } = await import('yaml')
  const listed = kubeconfig ?? context.env.KUBECONFIG
  const files = listed ? listed.split(path.delimiter).filter(Boolean) : [path.join(context.env.HOME ?? context.home, '.kube', 'config')]
  const names = await Promise.all(
    files.map(async (file) => {
      const text = await context.files.read(path.resolve(context.cwd, file)).catch(() => '')
      const config = parse(text) as { contexts?: { name?: unknown }[] } | null
      return (config?.contexts ?? []).flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
    }),
  )
  return [...new Set(names.flat())]
}

async function namespaces(context: Context, given: object): Promise<string[]> {
  const { loadSettings } = await import('../config.ts')
  const { settings } = await loadSettings(given, context)
  const cluster = await context.targets(settings).cluster()
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(patience)])
  const { items } = await cluster.list('namespaces', { limit: 500, metadataOnly: true }, signal)
  return items.map((item) => item.metadata.name)
}
