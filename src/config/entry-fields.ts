/** The fields of settings that are lists of objects: for the parser, the schema and docs/configuration.md. */

/** The fields of one entry of `service.dependencies`; `name` is needed. */
export const dependencyFields: readonly { readonly name: string; readonly kind: 'text' | 'kind' | 'port'; readonly help: string }[] = [
  { name: 'name', kind: 'text', help: 'what to call it' },
  { name: 'kind', kind: 'kind', help: 'kind of the workload behind it' },
  { name: 'workload', kind: 'text', help: 'workload behind it, where it runs in the cluster' },
  { name: 'namespace', kind: 'text', help: 'namespace of that workload; the namespace of the service when not said' },
  { name: 'service', kind: 'text', help: 'Service in front of it' },
  { name: 'host', kind: 'text', help: 'host name, where it is outside the cluster' },
  { name: 'port', kind: 'port', help: 'port it listens on' },
]

/** The fields of one entry of `services`; `name` is needed. What is not said is as it is for `service`. */
export const serviceFields: readonly {
  readonly name: string
  readonly kind: 'text' | 'file' | 'map'
  readonly canBeNone?: true
  readonly help: string
}[] = [
  { name: 'name', kind: 'text', help: 'label `service` of what is recorded, and its name in answers' },
  {
    name: 'selector',
    kind: 'text',
    help: 'PromQL matchers of its series, for example `job="checkout"`; by namespace and pod when not said',
  },
  { name: 'namespace', kind: 'text', help: 'namespace of its pods' },
  { name: 'workload', kind: 'text', help: 'workload of its pods; the name when not said' },
  { name: 'requests', kind: 'text', help: 'counter of requests' },
  { name: 'statusLabel', kind: 'text', help: 'label of that counter with the HTTP status' },
  { name: 'routeLabel', kind: 'text', help: 'label of that counter with the route' },
  { name: 'duration', kind: 'text', canBeNone: true, help: 'histogram of request durations in seconds; `none` when it has none' },
  {
    name: 'exclude',
    kind: 'text',
    canBeNone: true,
    help: 'PromQL matcher that leaves probes out; `none` when there is nothing to leave out',
  },
  { name: 'targets', kind: 'map', help: 'targets that differ: `{ error-rate: 99.5% }`' },
  { name: 'slos', kind: 'file', help: 'file with SLOs of its own (docs/slo.md, or OpenSLO) in place of the usual ones' },
]
