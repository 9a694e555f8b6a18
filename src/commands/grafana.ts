/** `task-mcp grafana`: whether Grafana lives. */
import type { Context } from '../context.ts'
import { AbsentError, DeniedError, type ExitCode, exit, UnreachableError } from '../errors.ts'
import type { Service } from '../facts/kubernetes/network.ts'
import { renderGrafana } from '../output/grafana.ts'
import { type Looking, type LookOptions, lookOnly } from './look-only.ts'

interface GrafanaOptions extends LookOptions {
  readonly url?: string
}

/** What `task-mcp grafana --json` prints. */
export interface GrafanaReport {
  schemaVersion: 1
  command: 'grafana'
  at: string
  where: string
  healthy: boolean
  database: string
  version: string | null
}

const usualNamespaces = ['monitoring', 'grafana', 'observability', 'kube-prometheus-stack']

export function run(context: Context, _args: readonly string[], options: GrafanaOptions): Promise<ExitCode> {
  return lookOnly<GrafanaReport>(context, options, {
    explain: () => [
      options.url
        ? `curl -s ${options.url.replace(/\/+$/, '')}/api/health`
        : 'kubectl get --raw /api/v1/namespaces/monitoring/services/grafana:3000/proxy/api/health',
    ],
    async gather(looking) {
      const { where, status, body } = await ask(looking, options.url)
      const health = healthIn(body)
      if (!health)
        throw new UnreachableError(`${where} answered ${status}, but not as Grafana does`, 'check the address, or what stands before it')
      const database = typeof health.database === 'string' ? health.database : 'not said'
      return {
        schemaVersion: 1,
        command: 'grafana',
        at: new Date(looking.context.clock.now()).toISOString(),
        where,
        healthy: status < 400 && database === 'ok',
        database,
        version: typeof health.version === 'string' ? health.version : null,
      }
    },
    render: renderGrafana,
    code: ({ healthy }) => (healthy ? exit.ok : exit.findings),
  })
}

async function ask(
  { context, settings, cluster, signal }: Looking,
  url: string | undefined,
): Promise<{ where: string; status: number; body: string }> {
  const path = '/api/health'
  if (url !== undefined) {
    const base = url.replace(/\/+$/, '')
    const { status, body } = await context.targets(settings).fetch(base + path, { limitBytes: 16_384 }, signal)
    return { where: base.replace(/\/\/[^/@]*@/, '//'), status, body }
  }
  const found = await service()
  const { name, namespace = '' } = found.metadata
  const port =
    found.spec.ports?.find((one) => one.port === 3000 || /^(http|service|web)/.test(one.name ?? ''))?.port ??
    found.spec.ports?.[0]?.port ??
    3000
  const { status, body } = await cluster.proxy({ namespace, kind: 'services', name, port, path, limitBytes: 16_384 }, signal)
  return { where: `${namespace}/${name} through the API server`, status, body }

  async function service(): Promise<Service> {
    const list = async (namespace?: string) => (await cluster.list('services', { namespace }, signal)).items
    const items = await list().catch(async (error: unknown) => {
      if (!(error instanceof DeniedError)) throw error
      const tried = await Promise.allSettled([settings.service.namespace, ...usualNamespaces].map(list))
      const seen = tried.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
      if (seen.length > 0) return seen
      throw error
    })
    const isGrafana = ({ metadata }: Service) =>
      metadata.labels?.['app.kubernetes.io/name'] === 'grafana' || /(^|-)grafana$/.test(metadata.name)
    const one = items.find(isGrafana)
    if (!one) throw new AbsentError('no Grafana was found in the cluster', 'give its address with --url')
    return one
  }
}

function healthIn(body: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null && 'database' in parsed ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
