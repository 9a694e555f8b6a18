/** What may refuse a pod: quotas, ranges, webhooks, the namespace and its accounts. */
import type { Condition, KubeObject, LabelSelector, Quantities } from './object.ts'

export interface Namespace extends KubeObject {
  status?: { phase?: string; conditions?: Condition[] }
}

export interface ResourceQuota extends KubeObject {
  spec?: {
    hard?: Quantities
    scopes?: string[]
    scopeSelector?: { matchExpressions?: { scopeName: string; operator: string; values?: string[] }[] }
  }
  status?: { hard?: Quantities; used?: Quantities }
}

export interface LimitRange extends KubeObject {
  spec?: { limits?: { type: string; max?: Quantities; min?: Quantities; default?: Quantities; defaultRequest?: Quantities }[] }
}

export interface ServiceAccount extends KubeObject {
  imagePullSecrets?: { name?: string }[]
}

export interface Webhook {
  name: string
  failurePolicy?: string
  timeoutSeconds?: number
  clientConfig?: { service?: { name: string; namespace: string; port?: number; path?: string }; url?: string }
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  rules?: { apiGroups?: string[]; apiVersions?: string[]; operations?: string[]; resources?: string[]; scope?: string }[]
}

export interface WebhookConfiguration extends KubeObject {
  webhooks?: Webhook[]
}
