/** Pods that cannot start: images, commands, and what they refer to. */
import type { Fault } from '../fault.ts'
import { fromPrivateRegistry, pullSecret, removeRegistry } from '../registry.ts'
import { containerState, event } from '../see.ts'
import type { World } from '../world.ts'

const deployment = (world: World) => [{ kind: 'Deployment', name: world.names.app }]
const down = { row: 'down', runbook: 'service-downtime' } as const

export const start: Fault[] = [
  {
    ...down,
    name: 'tag that does not exist',
    expected: ['image_not_found'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    inject: (world) =>
      world.release({
        op: 'replace',
        path: 'container/image',
        value: `${world.images.app.replace(/:[^:]*$/, '')}:${world.random.int(2, 9)}.${world.random.int(0, 30)}.0`,
      }),
    shows: (world) => containerState(world, /ErrImagePull|ImagePullBackOff/),
  },
  {
    ...down,
    name: 'image of another name',
    expected: ['image_not_found'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    inject: async (world) => {
      await world.release({ op: 'replace', path: 'container/image', value: `localhost/${world.names.app}-next:1` })
      await world.lose('one')
    },
    shows: (world) => containerState(world, /ErrImagePull|ImagePullBackOff/),
  },
  {
    ...down,
    name: 'pull secret deleted, pod lost',
    expected: ['image_pull_auth'],
    subjects: (world) => [{ kind: 'Secret', name: pullSecret(world) }],
    wrong: ['rollback', 'restart', 'scale'],
    prepare: fromPrivateRegistry,
    inject: async (world) => {
      await world.k('delete', 'secret', pullSecret(world))
      await world.lose('one')
    },
    shows: (world) => event(world, /Failed to pull image.*(401|authoriz|denied)/),
    repair: removeRegistry,
  },
  {
    ...down,
    name: 'command misspelt',
    expected: ['bad_command'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    inject: (world) => world.release({ op: 'add', path: 'container/command', value: ['nodejs-24', '/app/bin/task-mcp.js'] }),
    shows: (world) => containerState(world, /RunContainerError|StartError|CrashLoopBackOff|ContainerCannotRun/),
  },
  {
    ...down,
    name: 'script that is not in the image',
    expected: ['bad_command'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    inject: (world) => world.release({ op: 'add', path: 'container/command', value: ['node', '/app/bin/server.js'] }),
    shows: (world) => containerState(world, /CrashLoopBackOff|Error/),
  },
  {
    ...down,
    name: 'required variable removed',
    expected: ['missing_env'],
    subjects: deployment,
    store: 'postgresql',
    wrong: ['restart', 'scale', 'resources'],
    // Without the file of tokens the server refuses to listen on all addresses, and says which setting it misses.
    prepare: (world) => {
      delete world.settings.TASK_MCP_TOKEN_FILE
      world.container.env.push({ name: 'TASK_MCP_TOKEN_FILE', value: '/etc/task-mcp/tokens' })
    },
    inject: async (world) =>
      world.release({
        op: 'remove',
        path: `container/env/${world.container.env.findIndex((entry: { name: string }) => entry.name === 'TASK_MCP_TOKEN_FILE')}`,
      }),
    shows: (world) => containerState(world, /CrashLoopBackOff|Error/),
  },
  {
    ...down,
    name: 'Secret deleted, pods replaced',
    expected: ['missing_secret'],
    subjects: (world) => [{ kind: 'Secret', name: world.names.secret }],
    wrong: ['restart', 'rollback', 'scale'],
    inject: async (world) => {
      await world.k('delete', 'secret', world.names.secret)
      await world.lose('one')
    },
    shows: (world) => event(world, new RegExp(`secret "${world.names.secret}" not found`)),
  },
  {
    ...down,
    name: 'ConfigMap deleted, pods replaced',
    expected: ['missing_configmap'],
    subjects: (world) => [{ kind: 'ConfigMap', name: world.names.settings }],
    wrong: ['restart', 'rollback', 'scale'],
    inject: async (world) => {
      await world.k('delete', 'configmap', world.names.settings)
      await world.lose('all')
    },
    shows: (world) => containerState(world, /CreateContainerConfigError/),
  },
  {
    ...down,
    name: 'key removed from the Secret',
    expected: ['missing_config_key'],
    subjects: (world) => [{ kind: 'Secret', name: world.names.secret }],
    store: 'postgresql',
    wrong: ['restart', 'rollback', 'scale'],
    inject: async (world) => {
      await world.patch('secret', world.names.secret, [{ op: 'remove', path: '/data/database-url' }], 'json')
      await world.lose('one')
    },
    shows: (world) => containerState(world, /CreateContainerConfigError/),
  },
  {
    ...down,
    name: 'key of a ConfigMap renamed',
    expected: ['missing_config_key'],
    subjects: (world) => [{ kind: 'ConfigMap', name: `${world.names.app}-tuning` }],
    wrong: ['restart', 'rollback', 'scale'],
    prepare: (world) => {
      world.objects.push({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${world.names.app}-tuning` }, data: { level: 'info' } })
      world.container.env = [
        ...(world.container.env ?? []),
        { name: 'TASK_MCP_LOG_LEVEL', valueFrom: { configMapKeyRef: { name: `${world.names.app}-tuning`, key: 'level' } } },
      ]
    },
    inject: async (world) => {
      await world.patch('configmap', `${world.names.app}-tuning`, { data: { level: null, verbosity: 'info' } })
      await world.lose('all')
    },
    shows: (world) => containerState(world, /CreateContainerConfigError/),
  },
  {
    ...down,
    name: 'liveness probe on a wrong port',
    expected: ['liveness_misconfig'],
    subjects: deployment,
    wrong: ['resources', 'scale', 'restart'],
    inject: (world) => world.release({ op: 'replace', path: 'container/livenessProbe/httpGet/port', value: world.port + 1 }),
    shows: async (world) => {
      const seen = await event(world, /Unhealthy: Liveness probe failed/, 90)
      await event(world, /Killing/, 90)
      return seen
    },
  },
  {
    ...down,
    name: 'readiness probe on a path that is not there',
    expected: ['readiness_misconfig'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    inject: (world) => world.release({ op: 'replace', path: 'container/readinessProbe/httpGet/path', value: '/healthz/ready' }),
    shows: (world) => event(world, /Readiness probe failed.*404/),
  },
]
