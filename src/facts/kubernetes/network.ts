/** The way of a request to a pod, and who may go it. */
import type { KubeObject, LabelSelector, Labels } from './object.ts'

export interface ServicePort {
  name?: string
  port: number
  targetPort?: number | string
  protocol?: string
  nodePort?: number
}

export interface Service extends KubeObject {
  spec: {
    selector?: Labels
    ports?: ServicePort[]
    type?: string
    clusterIP?: string
    externalName?: string
    externalTrafficPolicy?: string
    internalTrafficPolicy?: string
    sessionAffinity?: string
    publishNotReadyAddresses?: boolean
    ipFamilies?: string[]
  }
}

export interface Endpoint {
  addresses: string[]
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }
  nodeName?: string
  targetRef?: { kind?: string; name?: string; uid?: string; namespace?: string }
}

export interface EndpointSlice extends KubeObject {
  addressType?: string
  endpoints?: Endpoint[]
  ports?: { name?: string; port?: number; protocol?: string }[]
}

export interface PolicyPeer {
  podSelector?: LabelSelector
  namespaceSelector?: LabelSelector
  ipBlock?: { cidr: string; except?: string[] }
}

export interface PolicyPort {
  port?: number | string
  endPort?: number
  protocol?: string
}

export interface NetworkPolicy extends KubeObject {
  spec: {
    podSelector?: LabelSelector
    policyTypes?: string[]
    ingress?: { from?: PolicyPeer[]; ports?: PolicyPort[] }[]
    egress?: { to?: PolicyPeer[]; ports?: PolicyPort[] }[]
  }
}

export interface Ingress extends KubeObject {
  spec?: {
    ingressClassName?: string
    tls?: { hosts?: string[]; secretName?: string }[]
    defaultBackend?: IngressBackend
    rules?: { host?: string; http?: { paths: { path?: string; pathType?: string; backend: IngressBackend }[] } }[]
  }
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }
}

export interface IngressBackend {
  service?: { name: string; port?: { number?: number; name?: string } }
}

export interface IngressClass extends KubeObject {
  spec?: { controller?: string }
}
