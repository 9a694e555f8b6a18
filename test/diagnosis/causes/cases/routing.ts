import { ago, type Change, now, space } from '../../../support/snapshot.ts'
import { always, change, edited, gone, logs, notReady, put, release } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const front = (alter: Parameters<typeof change<'services'>>[2]): Change => change('services', 'kestrel-front', alter)
const selector = (labels: Record<string, string>): Change =>
  front((s) => {
    s.spec.selector = labels
  })
const target = (port: number | string): Change =>
  front((s) => {
    s.spec.ports![0]!.targetPort = port
  })
const ingress = (service: string, port: number, className = 'gate') =>
  put('ingresses', {
    metadata: { name: 'way-in' },
    spec: {
      ingressClassName: className,
      rules: [{ http: { paths: [{ backend: { service: { name: service, port: { number: port } } } }] } }],
    },
  })
const noIngress: Change = (s) => {
  s.objects.ingresses = []
}
const gate = put('ingressclasses', { metadata: { name: 'gate' } })
const wayInOverTls = put('ingresses', {
  metadata: { name: 'way-in' },
  spec: {
    tls: [{ secretName: 'way-in-tls' }],
    rules: [{ http: { paths: [{ backend: { service: { name: 'kestrel-front', port: { number: 80 } } } }] } }],
  },
})
const mountedBy = (workload: string, secretName: string): Change =>
  change('deployments', workload, (d) => {
    d.spec.template.spec.volumes = [{ name: 'tls', secret: { secretName } }]
  })
const certificate =
  (secret: string, notAfter: string): Change =>
  (s) => {
    const fact = { namespace: space, secret, key: 'tls.crt', subject: 'CN=kestrel', issuer: 'CN=kestrel', notBefore: ago(90_000), notAfter }
    s.parts.certificates = { state: 'ok', value: [fact] }
  }
const expired = 'upstream call failed: x509: certificate has expired or is not yet valid'
const stranger: Change = (s) => {
  const own = s.objects.pods.find((p) => p.metadata.labels?.app === 'ledger')!
  own.metadata.labels!.tier = 'web'
  for (const p of s.objects.pods) if (p.metadata.labels?.app === 'kestrel') p.metadata.labels.tier = 'web'
  for (const d of s.objects.deployments) d.spec.template.metadata!.labels!.tier = 'web'
}

const caller = (address: string): Change =>
  put('pods', {
    metadata: { name: 'rook' },
    spec: { nodeName: 'worker-b', containers: [{ name: 'rook', env: [{ name: 'PLANS', value: address }] }] },
    status: { phase: 'Running' },
  })
const silence: Change = (s) => {
  for (const of of s.load) of.to = now - 150_000
}
const noProbes: Change = (s) => {
  s.probes = []
}
const throughFront =
  (status: number): Change =>
  (s) => {
    const result = { state: 'ok' as const, value: { status, seconds: 0.01, body: '' } }
    s.probes.push({ hop: 'service', name: 'kestrel-front', port: 'web', path: '/ready', purpose: 'ready', result })
  }

export const cases: Case[] = [
  {
    code: 'service_missing',
    what: 'the Service was deleted',
    subject: 'Service/kestrel-front',
    remedy: 'manual',
    fault: [gone('services', 'kestrel-front')],
    without: [
      put('services', {
        metadata: { name: 'kestrel-front' },
        spec: { selector: { app: 'kestrel' }, ports: [{ port: 80, targetPort: 8081 }] },
      }),
    ],
    instead: 'none',
  },
  {
    code: 'service_missing',
    what: 'the Service was deleted, and the Ingress that leads to it stays',
    subject: 'Service/kestrel-front',
    remedy: 'manual',
    fault: [gate, ingress('kestrel-front', 80), gone('services', 'kestrel-front')],
    without: [
      put('services', {
        metadata: { name: 'kestrel-front' },
        spec: { selector: { app: 'kestrel' }, ports: [{ port: 8080, targetPort: 8081 }] },
      }),
    ],
    instead: 'ingress_misroute',
  },
  {
    code: 'service_missing',
    what: 'the Service was made another name for something outside',
    subject: 'Service/kestrel-front',
    remedy: 'manual',
    fault: [
      gone('services', 'kestrel-front'),
      put('services', {
        metadata: { name: 'kestrel-front', creationTimestamp: ago(4) },
        spec: { type: 'ExternalName', externalName: 'legacy.example.org' },
      }),
      gate,
      ingress('kestrel-front', 80),
    ],
    without: [
      front((s) => {
        s.spec.externalName = 'kestrel.south.svc.cluster.local'
      }),
    ],
    instead: 'none',
  },
  {
    code: 'service_selector_mismatch',
    what: 'the Service selects what no pod carries',
    subject: 'Service/kestrel-front',
    remedy: 'service',
    fault: [selector({ app: 'kestrels' })],
    without: [selector({ app: 'kestrel' })],
    instead: 'none',
  },
  {
    code: 'service_target_port',
    what: 'the Service leads to a port on which nothing listens',
    subject: 'Service/kestrel-front',
    remedy: 'service',
    fault: [target(8099)],
    without: [target(8081)],
    instead: 'none',
  },
  {
    code: 'service_target_port',
    what: 'the Service names a port that no container has',
    subject: 'Service/kestrel-front',
    remedy: 'service',
    fault: [target('wep')],
    without: [target('web')],
    instead: 'none',
  },
  {
    code: 'service_selector_pollution',
    what: 'the Service selects pods of another workload too',
    subject: 'Service/kestrel-front',
    remedy: 'service',
    fault: [stranger, selector({ tier: 'web' })],
    without: [selector({ app: 'kestrel' })],
    instead: 'none',
  },
  {
    code: 'traffic_policy_local',
    what: 'the Service keeps to the node and one node has no pod',
    subject: 'Service/kestrel-front',
    remedy: 'service',
    fault: [
      put('nodes', { metadata: { name: 'worker-c' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } }),
      front((s) => {
        s.spec.internalTrafficPolicy = 'Local'
      }),
      edited('services', 'kestrel-front', 9),
    ],
    without: [gone('nodes', 'worker-c')],
    instead: 'none',
  },
  {
    code: 'ingress_class',
    what: 'the Ingress asks for a class that does not exist',
    subject: 'Ingress/way-in',
    remedy: 'manual',
    fault: [gate, ingress('kestrel-front', 80, 'gatte')],
    without: [noIngress, ingress('kestrel-front', 80)],
    instead: 'none',
  },
  {
    code: 'ingress_misroute',
    what: 'the Ingress leads to a port that the Service does not have',
    subject: 'Ingress/way-in',
    remedy: 'manual',
    fault: [gate, ingress('kestrel-front', 8080)],
    without: [noIngress, ingress('kestrel-front', 80)],
    instead: 'none',
  },
  {
    code: 'tls_expired',
    what: 'the certificate of the way in has expired',
    subject: 'Secret/way-in-tls',
    remedy: 'manual',
    fault: [wayInOverTls, certificate('way-in-tls', ago(30))],
    without: [certificate('way-in-tls', '2026-08-01T00:00:00Z')],
    instead: 'none',
  },
  {
    code: 'tls_expired',
    what: 'callers of the store say that a certificate expired, and the one that the store mounts did',
    subject: 'Secret/ledger-cert',
    remedy: 'manual',
    fault: [mountedBy('ledger', 'ledger-cert'), certificate('ledger-cert', ago(12)), logs('all', [expired])],
    without: [
      certificate('ledger-cert', '2026-08-01T00:00:00Z'),
      (s) => {
        s.logs = []
      },
    ],
    instead: 'none',
  },
  {
    code: 'tls_expired',
    what: 'the certificates may not be read, and the log says that one expired',
    subject: 'Secret/way-in-tls',
    remedy: 'manual',
    fault: [
      wayInOverTls,
      logs('all', [expired]),
      (s) => {
        s.parts.certificates = { state: 'denied', reason: 'secrets may not be read' }
      },
    ],
    without: [
      (s) => {
        s.logs = []
      },
    ],
    instead: 'none',
  },
  {
    code: 'dns_policy',
    what: 'a release no longer asks the DNS of the cluster',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.dnsPolicy = 'Default'
      }),
      notReady('new'),
      logs('new', ['connect failed: getaddrinfo ENOTFOUND ledger', 'connect failed: getaddrinfo ENOTFOUND ledger']),
    ],
    without: [
      (s) => {
        for (const d of s.objects.deployments) delete d.spec.template.spec.dnsPolicy
      },
    ],
  },
  {
    code: 'service_missing',
    what: 'the Service was deleted, and the headless one of the same pods stays',
    subject: 'Service/kestrel-front',
    remedy: 'manual',
    fault: [
      gone('services', 'kestrel-front'),
      put('services', {
        metadata: { name: 'kestrel-peers' },
        spec: { clusterIP: 'None', selector: { app: 'kestrel' }, ports: [{ port: 8081 }] },
      }),
    ],
    without: [
      change('services', 'kestrel-peers', (s) => {
        s.spec.clusterIP = '10.96.4.4'
      }),
    ],
    instead: 'wrong_target',
  },
  {
    code: 'service_missing',
    what: 'the Service was deleted, another leads to the same pods, and a caller still asks for the first',
    subject: 'Service/kestrel-front',
    remedy: 'manual',
    fault: [
      gone('services', 'kestrel-front'),
      put('services', { metadata: { name: 'kestrel-admin' }, spec: { selector: { app: 'kestrel' }, ports: [{ port: 8081 }] } }),
      caller('http://kestrel-front/plans'),
    ],
    without: [gone('pods', 'rook')],
    instead: 'wrong_target',
  },
  {
    code: 'service_target_port',
    what: 'the Service moved to a port that no caller asks for',
    subject: 'Service/kestrel-front',
    remedy: 'service',
    fault: [
      front((s) => {
        s.spec.ports![0]!.port = 8443
      }),
      edited('services', 'kestrel-front', 3),
      caller('http://kestrel-front.north.svc/plans'),
      silence,
      ingress('kestrel-front', 80),
      gate,
    ],
    without: [gone('pods', 'rook'), caller('http://kestrel-front:8443/plans'), noIngress],
    instead: 'none',
  },
  {
    code: 'service_target_port',
    what: 'the Service leads to a port of a sidecar, which answers and knows no such path',
    subject: 'Service/kestrel-front',
    remedy: 'service',
    fault: [
      always((spec) => {
        spec.containers.push({ name: 'exporter', image: 'registry.example/exporter:1', ports: [{ name: 'figures', containerPort: 9100 }] })
      }),
      target('figures'),
      throughFront(404),
    ],
    without: [noProbes, throughFront(200)],
    instead: 'none',
  },
  {
    code: 'service_target_port',
    what: 'the Service forwards datagrams to a port on which the pods speak TCP',
    subject: 'Service/kestrel-front',
    remedy: 'service',
    fault: [
      front((s) => {
        s.spec.ports![0]!.protocol = 'UDP'
      }),
    ],
    without: [
      front((s) => {
        s.spec.ports![0]!.protocol = 'TCP'
      }),
    ],
    instead: 'none',
  },
  {
    code: 'service_selector_mismatch',
    what: 'the Service lost its selector, and nobody else keeps its endpoints',
    subject: 'Service/kestrel-front',
    remedy: 'service',
    fault: [
      front((s) => {
        delete s.spec.selector
      }),
    ],
    without: [selector({ app: 'kestrel' })],
    instead: 'none',
  },
  {
    code: 'service_selector_pollution',
    what: 'a job of the same image carries the labels and listens nowhere',
    subject: 'Service/kestrel-front',
    remedy: 'service',
    fault: [
      change('deployments', 'ledger', (d) => {
        d.spec.template.spec.containers[0] = { name: 'main', image: 'registry.example/kestrel:1.8.0', command: ['/srv/kestrel', 'compact'] }
      }),
      stranger,
      selector({ tier: 'web' }),
    ],
    without: [
      change('deployments', 'ledger', (d) => {
        d.spec.template.spec.containers[0] = {
          name: 'main',
          image: 'registry.example/kestrel:1.9.0',
          command: ['/srv/kestrel', '--port=8081'],
          ports: [{ containerPort: 8081 }],
        }
      }),
    ],
    instead: 'none',
  },
  {
    code: 'ingress_class',
    what: 'the class does not exist, and the cluster has no other',
    subject: 'Ingress/way-in',
    remedy: 'manual',
    fault: [ingress('kestrel-front', 80, 'gate')],
    without: [gate],
    instead: 'none',
  },
]
