/** A Prometheus and an Alertmanager of one world's own, in its namespace, with the shipped rules and routes. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { harden } from './clients.ts'
import { type Any, kubectl } from './kubectl.ts'
import type { World } from './world.ts'

const shipped = (file: string): string => readFileSync(new URL(`../../deploy/${file}`, import.meta.url), 'utf8')

/** Seconds between two scrapes. */
export const scrapeSeconds = 5

/** The job that the shipped rules are about; whatever the world calls its service. */
const job = 'task-mcp-http'

export interface Firing {
  name: string
  /** Unix seconds at which the condition was first seen, and at which it fired; undefined while it is only pending. */
  activeAt: number
  firedAt: number | undefined
}

/** Its objects: what it may read, its settings, one pod with both programs, a Service for each. */
export function monitorOf(world: World, image: string): Any[] {
  const { namespace } = world.names
  const subjects = [{ kind: 'ServiceAccount', name: 'prometheus', namespace }]
  const routes = parse(shipped('alertmanager/alertmanager.yml'))
  // Nobody is told anything: the same routes and inhibitions, with receivers that do nothing.
  const quiet = { ...routes, global: {}, receivers: routes.receivers.map(({ name }: { name: string }) => ({ name })) }
  const labels = { app: 'prometheus' }
  const service = (name: string, port: number) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: { 'app.kubernetes.io/name': name } },
    spec: { selector: labels, ports: [{ name: 'web', port }] },
  })
  const container = (name: string, port: number, command: string[]) =>
    harden({
      name,
      image,
      command,
      ports: [{ containerPort: port }],
      readinessProbe: { httpGet: { path: '/-/ready', port }, periodSeconds: 1 },
      volumeMounts: [
        { name: 'settings', mountPath: '/settings' },
        { name: 'data', mountPath: '/data' },
      ],
    })
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'prometheus' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'prometheus' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'prometheus' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'prometheus' },
      subjects,
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'prometheus' },
      data: {
        'prometheus.yml': JSON.stringify(scraping(namespace, world.names.app)),
        'rules.yaml': shipped('prometheus/rules.yaml'),
        'alertmanager.yml': JSON.stringify(quiet),
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'prometheus', labels },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: 'prometheus',
            terminationGracePeriodSeconds: 1,
            containers: [
              container('prometheus', 9090, [
                '/bin/prometheus',
                '--config.file=/settings/prometheus.yml',
                '--storage.tsdb.path=/data/tsdb',
                '--storage.tsdb.retention.time=60d',
              ]),
              container('alertmanager', 9093, [
                '/bin/alertmanager',
                '--config.file=/settings/alertmanager.yml',
                '--storage.path=/data/alertmanager',
                '--cluster.listen-address=',
              ]),
            ],
            volumes: [
              { name: 'settings', configMap: { name: 'prometheus' } },
              { name: 'data', emptyDir: {} },
            ],
          },
        },
      },
    },
    service('prometheus', 9090),
    service('alertmanager', 9093),
  ]
}

function scraping(namespace: string, app: string): object {
  const from = (label: string, target: string) => ({ source_labels: [`__meta_kubernetes_pod_${label}`], target_label: target })
  return {
    global: { scrape_interval: `${scrapeSeconds}s`, evaluation_interval: '30s' },
    rule_files: ['/settings/rules.yaml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: ['127.0.0.1:9093'] }] }] },
    scrape_configs: [
      { job_name: 'prometheus', static_configs: [{ targets: ['127.0.0.1:9090'] }] },
      {
        job_name: job,
        kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [namespace] } }],
        relabel_configs: [
          { source_labels: ['__meta_kubernetes_pod_name'], regex: `${app}-.+`, action: 'keep' },
          { source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_scrape'], regex: 'true', action: 'keep' },
          { source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Pending|Succeeded|Failed', action: 'drop' },
          {
            source_labels: ['__meta_kubernetes_pod_ip', '__meta_kubernetes_pod_annotation_prometheus_io_port'],
            separator: ':',
            regex: '(.+:.+)',
            target_label: '__address__',
          },
          from('name', 'pod'),
          { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
        ],
      },
    ],
  }
}

/** What is pending or fires in the world's Prometheus now. */
export async function alertsOf(world: World, at: number): Promise<Firing[]> {
  const path = `/api/v1/namespaces/${world.names.namespace}/services/prometheus:9090/proxy/api/v1/alerts`
  const { data } = JSON.parse(await kubectl(['get', '--raw', path])) as {
    data: { alerts: { labels: Record<string, string>; state: string; activeAt: string }[] }
  }
  return data.alerts.map(({ labels, state, activeAt }) => ({
    name: labels.alertname!,
    activeAt: Date.parse(activeAt) / 1000,
    firedAt: state === 'firing' ? at : undefined,
  }))
}
