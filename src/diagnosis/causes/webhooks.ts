/** Admission webhooks: which of a cluster's look at what this service's controllers create. */
import type { Webhook, WebhookConfiguration } from '../../facts/kubernetes/admission.ts'
import type { Labels } from '../../facts/kubernetes/object.ts'
import { all, find } from '../../facts/lookup.ts'
import { editedAt } from '../changes.ts'
import { selects } from '../selectors.ts'
import { millis } from '../time.ts'
import type { Subject } from '../verdict.ts'
import type { View } from '../view.ts'

/** Whether a webhook is called when an object of this resource and these labels is made in the service's namespace. */
function looksAt(view: View, webhook: Webhook, resource: 'pods' | 'replicasets', labels: Labels | undefined): boolean {
  const { namespace } = view.service
  const space = { 'kubernetes.io/metadata.name': namespace, ...find(view.snapshot, 'namespaces', namespace)?.metadata.labels }
  const has = (list: readonly string[] | undefined, ...any: string[]): boolean => (list ?? []).some((x) => any.includes(x))
  return (
    (webhook.rules ?? []).some((r) => has(r.resources, resource, '*', '*/*') && has(r.operations, 'CREATE', '*')) &&
    selects(webhook.namespaceSelector ?? {}, space) &&
    selects(webhook.objectSelector ?? {}, labels)
  )
}

/** The configurations of webhooks that may change a pod of this namespace as it is made, the newest first. */
export function mutators(view: View, labels: Labels | undefined): WebhookConfiguration[] {
  return all(view.snapshot, 'mutatingwebhookconfigurations')
    .filter((c) => c.webhooks?.some((w) => looksAt(view, w, 'pods', labels)))
    .sort((a, b) => (millis(editedAt(b)) ?? 0) - (millis(editedAt(a)) ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1))
}

/**
 * The configuration with the webhook that the API server speaks of in `message`; the webhook itself where none may be seen. One name may
 * stand in many configurations: the one meant looks at what was to be made, and where the server says whom it called, calls the same.
 */
export function webhookSubject(view: View, name: string, resource: 'pods' | 'replicasets', message: string): Subject {
  const labels = view.template?.metadata?.labels
  const called = ({ clientConfig: { service, url } = {} }: Webhook): boolean =>
    message.includes(service ? `//${service.name}.${service.namespace}.svc` : (url ?? name))
  const likely = (w: Webhook): number => (looksAt(view, w, resource, labels) ? 2 : 0) + (called(w) ? 1 : 0)
  const holding = (
    [
      ['validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'],
      ['mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'],
    ] as const
  ).flatMap(([kinds, kind]) =>
    all(view.snapshot, kinds).flatMap((c) =>
      (c.webhooks ?? []).filter((w) => w.name === name).map((w) => ({ subject: { kind, name: c.metadata.name }, likely: likely(w) })),
    ),
  )
  return holding.sort((a, b) => b.likely - a.likely)[0]?.subject ?? { kind: 'Webhook', name }
}
