/** What a look is taken of and with: a cluster in memory, and settings that lead to it. */

import type { ResourceName } from '../../src/facts/kubernetes/resources.ts'
import type { Snapshot } from '../../src/facts/snapshot.ts'
import type { Settings, SourceSettings } from '../../src/settings.ts'
import { FakeCluster } from '../support/fake-cluster.ts'
import { healthy, takenAt } from '../support/snapshot.ts'

/** A fake cluster that holds what a snapshot was taken of. */
export function aCluster(of: Snapshot = healthy()): FakeCluster {
  const cluster = new FakeCluster()
  cluster.now = Date.parse(takenAt)
  for (const [kind, part] of Object.entries(of.cluster))
    if (part.state === 'ok') for (const object of part.value) cluster.put(kind as ResourceName, object as never)
  cluster.answers = () => ({ status: 200, body: 'ok', seconds: 0.01, contentType: 'text/plain' })
  return cluster
}

/** A source of which nothing is said. */
export const nowhere: SourceSettings = {
  url: undefined,
  namespace: undefined,
  service: undefined,
  port: undefined,
  bearerTokenFile: undefined,
  username: undefined,
  passwordFile: undefined,
  caFile: undefined,
  headers: {},
}

/** Settings for the service of the snapshots; there is no Prometheus. */
export function lookSettings(given: { timeoutSeconds?: number; edge?: string | undefined } = {}): Settings {
  const { service, thresholds } = healthy().target
  return {
    cluster: { kubeconfig: undefined, context: undefined },
    service: { ...service, edge: given.edge },
    prometheus: nowhere,
    alertmanager: nowhere,
    thresholds,
    timeoutSeconds: given.timeoutSeconds ?? 20,
    lookbackSeconds: 3600,
    incident: { shared: 'none', namespace: 'shop', databaseUrlFile: undefined },
    runbooks: undefined,
    approval: { signers: undefined, key: undefined },
    escalation: { timeZone: 'UTC', channels: {}, contacts: {}, schedules: {}, levels: [], tell: [] },
  }
}
