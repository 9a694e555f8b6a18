/** The commands that only look: each in place of a line that people type by hand. */
import type { CommandEntry } from '../entry.ts'
import { explainOption } from '../explain-option.ts'
import { serviceOptions } from '../options.ts'

const common = [explainOption, ...serviceOptions]
const exits = {
  0: 'looked, and shown',
  4: 'not permitted; the rule that would permit it is said',
  5: 'there is no such thing, or it does not answer',
} as const

export const logs: CommandEntry = {
  usage: 'logs [pod]',
  summary: 'read what all pods say, put together',
  group: 'look',
  about:
    'Reads every container of every pod and puts lines together that say the same, errors first. Since the onset: that of the open incident, else of the last diagnosis, else the last quarter of an hour. Nothing that looks like a credential is shown.',
  words: { '[pod]': { about: 'one pod: its name, or the end of it' } },
  options: [
    { flags: '--since <when>', summary: 'how long ago, a time, or "onset"' },
    { flags: '--previous', summary: 'of the containers before their last restart' },
    { flags: '--errors', summary: 'errors and warnings alone' },
    { flags: '--grep <expression>', summary: 'only lines that match; capitals make no difference' },
    { flags: '--lines', summary: 'every line by time, in place of kinds of lines' },
    { flags: '-f, --follow', summary: 'new lines as they come, of new pods too' },
    ...common,
  ],
  examples: [
    { line: 'task-mcp logs', about: 'kinds of lines, worst first' },
    { line: 'task-mcp logs --errors --since 1h', about: 'what went wrong' },
    { line: 'task-mcp logs --previous', about: 'the last words before a restart' },
    { line: 'task-mcp logs --lines --grep timeout | less', about: 'every line, for reading' },
  ],
  exits,
  load: () => import('../logs.ts'),
}
export const events: CommandEntry = {
  usage: 'events',
  summary: 'list what Kubernetes says about the workload, newest first',
  group: 'look',
  about: 'Puts events together that say the same about different pods. Events are gone after an hour: none is no proof of calm.',
  options: [
    { flags: '--all', summary: 'about everything in the namespace' },
    { flags: '--warnings', summary: 'warnings alone' },
    { flags: '--since <duration>', summary: 'not older than this' },
    ...common,
  ],
  examples: [
    { line: 'task-mcp events --warnings', about: 'what went wrong' },
    { line: 'task-mcp events --all --since 10m', about: 'what happened around it' },
  ],
  exits,
  load: () => import('../events.ts'),
}

export const top: CommandEntry = {
  usage: 'top',
  summary: 'show what containers use, beside their limits',
  group: 'look',
  about: 'From metrics-server, else from Prometheus. The fullest first: a figure without its limit says nothing.',
  options: common,
  examples: [{ line: 'task-mcp top', about: 'memory and CPU of every container' }],
  exits,
  load: () => import('../top.ts'),
}

export const changes: CommandEntry = {
  usage: 'changes',
  summary: 'list what changed lately, and by whom',
  group: 'look',
  about:
    'Revisions with what each changed, and edits of ConfigMaps, Secrets, Services, policies, quotas, autoscalers and roles, from their managed fields. No value of a ConfigMap or Secret is read.',
  options: common,
  examples: [
    { line: 'task-mcp changes', about: 'in the last hour' },
    { line: 'task-mcp changes --lookback 24h', about: 'since yesterday' },
  ],
  exits,
  load: () => import('../changes.ts'),
}

export const describe: CommandEntry = {
  usage: 'describe [pod]',
  summary: 'tell what there is to know of pods, troubles first',
  group: 'look',
  about:
    'States, last ends, conditions that are not as they should be, probes, requests and limits, warnings. Environment and mounts by name alone, with --verbose.',
  words: { '[pod]': { about: 'one pod: its name, or the end of it' } },
  options: common,
  examples: [
    { line: 'task-mcp describe', about: 'all pods of the workload' },
    { line: 'task-mcp describe x2x4z --verbose', about: 'one pod, with where its environment is from' },
  ],
  exits,
  load: () => import('../describe.ts'),
}

export const keys: CommandEntry = {
  usage: 'keys',
  summary: 'list ConfigMaps and Secrets by name and key, never a value',
  group: 'look',
  about:
    'Which ones the workload uses, their keys, when and by whom they were written, and what is missing. The values are not asked for, so none can leak.',
  options: [{ flags: '--all', summary: 'also what the workload does not use' }, ...common],
  examples: [{ line: 'task-mcp keys', about: 'what the workload is configured with' }],
  exits: { ...exits, 3: 'something that the workload wants is not there' },
  load: () => import('../keys.ts'),
}

export const network: CommandEntry = {
  usage: 'network',
  summary: 'check the way to the pods, hop by hop',
  group: 'look',
  about:
    'Name, Service, endpoints, ports, the NetworkPolicies that apply to the pods in both directions, and a question through the Service and to each pod. Needs no shell and no tool in the image.',
  options: [{ flags: '--from <namespace>', summary: 'where the caller is, for the policies' }, ...common],
  examples: [
    { line: 'task-mcp network', about: 'from its own namespace' },
    { line: 'task-mcp network --from ingress-nginx', about: 'may the ingress controller ask?' },
  ],
  exits: { ...exits, 3: 'a hop is broken' },
  load: () => import('../network.ts'),
}

export const prometheusTargets: CommandEntry = {
  usage: 'prometheus targets',
  summary: 'list what Prometheus scrapes, and what does not answer',
  group: 'look',
  options: [{ flags: '--all', summary: 'of every namespace' }, ...common],
  examples: [{ line: 'task-mcp prometheus targets', about: 'of the namespace, and whatever is down' }],
  exits: { ...exits, 3: 'a target does not answer' },
  load: async () => ({ run: (await import('../prometheus.ts')).targets }),
}

export const prometheusQuery: CommandEntry = {
  usage: 'prometheus query <expression>',
  summary: 'ask Prometheus',
  group: 'look',
  words: { '<expression>': { about: 'PromQL, in quotes' } },
  options: [
    { flags: '--range <duration>', summary: 'the course of so long, in place of the value now' },
    { flags: '--at <time>', summary: 'then, in place of now' },
    ...common,
  ],
  examples: [
    { line: 'task-mcp prometheus query \'up{job="pods"}\'', about: 'values now' },
    { line: "task-mcp prometheus query 'sum(rate(http_server_requests_total[2m]))' --range 1h", about: 'and their course' },
  ],
  exits: { ...exits, 2: 'Prometheus does not understand the expression' },
  load: async () => ({ run: (await import('../prometheus.ts')).query }),
}

export const grafana: CommandEntry = {
  usage: 'grafana',
  summary: 'ask whether Grafana lives',
  group: 'look',
  options: [{ flags: '--url <url>', summary: 'its address; without one it is looked for in the cluster' }, ...common],
  examples: [{ line: 'task-mcp grafana --url https://grafana.example.com', about: 'one outside the cluster' }],
  exits: { ...exits, 3: 'its database is not well' },
  load: () => import('../grafana.ts'),
}

export const inspect: CommandEntry = {
  usage: 'inspect [pod] [command...]',
  summary: 'look inside pods without a shell in the image',
  group: 'look',
  about:
    'Asks each pod what its probes ask, and reads what its process says of itself: memory, heap, open files and sockets, since when it runs. With --ephemeral, runs one command in a container that is added beside the process: the plan is shown and confirmed first, and the container stays listed in the pod until the pod goes.',
  words: { '[pod]': { about: 'one pod: its name, or the end of it' }, '[command...]': { about: 'after --, with --ephemeral' } },
  options: [
    { flags: '--metrics <expression>', summary: 'also samples of the metrics page that match; capitals make no difference' },
    { flags: '--ephemeral <image>', summary: 'run a command in an added container of this image' },
    { flags: '--wait <duration>', summary: 'how long that command may take (60s)', kind: 'duration' },
    { flags: '--dry-run', summary: "show the plan and the API server's answer to it, change nothing" },
    { flags: '-y, --yes', summary: 'do not ask' },
    ...common,
  ],
  examples: [
    { line: 'task-mcp inspect', about: 'every pod, from outside' },
    { line: 'task-mcp inspect --metrics streaming', about: 'with what the metrics page says of streams' },
    { line: 'task-mcp inspect x2x4z --ephemeral busybox:1.37 -- nslookup checkout', about: 'ask DNS from inside the pod' },
  ],
  exits: { ...exits, 3: 'the command of --ephemeral failed', 6: 'it has not ended, or did not start', 7: 'declined, or --yes is needed' },
  load: () => import('../inspect.ts'),
}

export const portForward: CommandEntry = {
  usage: 'port-forward [ports]',
  summary: 'reach a ready pod from this machine',
  group: 'look',
  about:
    'Picks the newest pod that is ready, and another one when that goes: each new connection is led to a pod that is there. Listens on 127.0.0.1 unless --address says otherwise. Ctrl-C closes it.',
  words: { '[ports]': { about: 'REMOTE or LOCAL:REMOTE (0:3000 takes any free port here); the port of the service when not said' } },
  options: [
    { flags: '--pod <name>', summary: 'this one, ready or not' },
    { flags: '--address <address>', summary: 'listen there; anybody who reaches it reaches the pod' },
    ...common,
  ],
  examples: [
    { line: 'task-mcp port-forward', about: 'the port of the service' },
    { line: 'task-mcp port-forward 8080:3000', about: 'another one here' },
  ],
  exits: { ...exits, 0: 'ended by Ctrl-C', 2: 'the port is taken on this machine' },
  stopsItself: true,
  load: () => import('../port-forward.ts'),
}

/** In the order of help. */
export const lookEntries: readonly CommandEntry[] = [
  logs,
  events,
  top,
  describe,
  inspect,
  portForward,
  changes,
  keys,
  network,
  prometheusTargets,
  prometheusQuery,
  grafana,
]
