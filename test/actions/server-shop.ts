/** The shop, with a server that reads its settings from a mounted ConfigMap while it runs. */
import { parse } from 'yaml'
import { aShop, namespace, type Shop } from './shop.ts'

/** What is in the settings file at first. */
export const settingsText = '# Kept by hand.\nrate-limit: 200 # a second\n'

/** The shop with a server that reads its settings from a mounted ConfigMap, some looks after the kubelet was told to. */
export function aServerShop(file = settingsText, more: (shop: Shop) => void = () => {}): Shop {
  const shop = aShop()
  shop.release((deployment) => {
    const { spec } = deployment.spec.template
    const container = spec.containers[0]!
    container.env = [...(container.env ?? []), { name: 'TASK_MCP_SETTINGS', value: '/etc/live/settings.yaml' }]
    container.volumeMounts = [{ name: 'live', mountPath: '/etc/live' }]
    spec.volumes = [{ name: 'live', configMap: { name: 'checkout-live' } }]
  })
  shop.cluster.put('configmaps', { metadata: { name: 'checkout-live', namespace }, data: { 'settings.yaml': file } })
  more(shop)
  shop.cluster.settle()
  let inForce = file
  let looks = 0
  shop.cluster.answers = ({ path, name }) => {
    if (path !== '/metrics') return { status: 200, body: 'ok', seconds: 0.01, contentType: 'text/plain' }
    const pod = shop.cluster.one('pods', namespace, name)
    if (pod.metadata.annotations?.['task-mcp/settings-changed'] !== undefined && ++looks > 6)
      inForce = shop.cluster.one('configmaps', namespace, 'checkout-live').data!['settings.yaml']!
    const settings = (parse(inForce) ?? {}) as Record<string, unknown>
    const count = (name: string) => ((settings[name] as string[]) ?? []).length
    const lines = [
      `task_mcp_setting{setting="rate-limit"} ${settings['rate-limit'] ?? 200}`,
      `task_mcp_setting{setting="max-streams"} ${settings['max-streams'] ?? 10000}`,
      `task_mcp_setting{setting="blocked-addresses"} ${count('blocked-addresses')}`,
      `task_mcp_setting{setting="blocked-principals"} ${count('blocked-principals')}`,
      `task_mcp_config_hash ${inForce.length * 7 + JSON.stringify(settings).length}`,
      'rate_limit_hits_total{limiter="blocked",reason="blocked"} 7',
    ]
    return { status: 200, body: lines.join('\n'), seconds: 0.01, contentType: 'text/plain' }
  }
  return shop
}
