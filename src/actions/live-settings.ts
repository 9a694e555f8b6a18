/** The settings file of the server that its pods read again while they run: where it is in the cluster, and what is in it. */
import { type Document, isMap, parseDocument } from 'yaml'
import { selects } from '../diagnosis/selectors.ts'
import { AbsentError, ExpectedError, InterruptedError, UsageError } from '../errors.ts'
import type { Container, Pod, PodSpec } from '../facts/kubernetes/pod.ts'
import type { ConfigMap } from '../facts/kubernetes/settings.ts'
import { changeField } from './fields.ts'
import { type Look, listed, planBase, type Target, workloadTarget } from './look.ts'
import { named, type Plan } from './plan.ts'
import { refOf } from './restart.ts'

export interface LiveFile {
  workload: Target
  configMap: Target<ConfigMap>
  key: string
  document: Document
  /** What a setting is set to by an environment variable or a flag, which win over the file; undefined where the file decides. */
  overridden(setting: string): string | undefined
}

export const variableOf = (setting: string): string => `TASK_MCP_${setting.replaceAll('-', '_').toUpperCase()}`

/** The file of the workload in the settings. UsageError with what to do where there is none, or none that can change under a running pod. */
export async function liveFile(look: Look): Promise<LiveFile> {
  const workload = await workloadTarget(look, undefined)
  const { namespace } = workload
  const { spec } = workload.object.spec.template
  const what = named(workload.kind, workload.name)
  const container = spec.containers.find((one) => one.name === look.settings.service.container) ?? spec.containers[0]!
  const environment = await environmentOf(look, container, namespace)
  const file = flagOf(container, 'settings') ?? environment.get('TASK_MCP_SETTINGS')?.value
  if (file === undefined)
    throw new UsageError(
      `${what} reads no settings file, so nothing of it can be changed while it runs`,
      'mount a ConfigMap and name its file in TASK_MCP_SETTINGS: docs/deploy.md',
    )
  const place = configMapOf(spec, container, file)
  if (typeof place === 'string')
    throw new UsageError(`the settings file ${file} of ${what} ${place}`, 'mount a ConfigMap as a directory: docs/deploy.md')
  const object = await look.cluster.get('configmaps', { namespace, name: place.name }, look.signal).catch((error: unknown) => {
    if (error instanceof AbsentError)
      throw new AbsentError(`configmap/${place.name}, which holds the settings file of ${what}, is not there`, 'apply it again')
    throw error
  })
  const document = parseDocument(object.data?.[place.key] ?? '')
  if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents)))
    throw new UsageError(`${place.key} of configmap/${place.name} is not a list of settings`, 'correct it first: one "name: value" a line')
  return {
    workload,
    configMap: { kind: 'ConfigMap', resource: 'configmaps', namespace, name: place.name, object },
    key: place.key,
    document,
    overridden: (setting) => {
      const flag = flagOf(container, setting)
      if (flag !== undefined) return `the flag --${setting} of container ${container.name}`
      const variable = environment.get(variableOf(setting))
      return variable === undefined ? undefined : `${variableOf(setting)} in ${variable.from}`
    },
  }
}

/** The words of a list setting, as a list or as text with commas. */
export function listIn(document: Document, setting: string): string[] {
  const value: unknown = (document.toJS() as Record<string, unknown> | null)?.[setting]
  if (Array.isArray(value)) return value.map(String)
  return typeof value === 'string'
    ? value
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '')
    : []
}

/** The plan that puts another value into the file; undefined takes the setting out. Gates, warnings and words are the caller's to fill. */
export async function planFile(
  look: Look,
  action: 'block' | 'limit',
  live: LiveFile,
  setting: string,
  value: unknown,
  wanted: number,
): Promise<Plan> {
  const before = live.document.toString()
  if (value === undefined) live.document.delete(setting)
  else live.document.set(setting, value)
  const text = live.document.contents === null ? '' : live.document.toString()
  const { configMap, workload, key } = live
  const pods = await podsOf(look, workload)
  const base = planBase(look, action, configMap)
  const won = live.overridden(setting)
  return {
    ...base,
    summary: `set ${setting} in ${named('ConfigMap', configMap.name)}`,
    from: '',
    to: '',
    why: '',
    notice: 'no pod is restarted: each server reads the file again',
    takes: 'some seconds after the kubelet has brought the file to the pods, which can take a minute and a half',
    undo: 'the file as it is now',
    gates: [
      won === undefined
        ? { name: 'the file decides about this setting', state: 'ok', said: 'no flag and no variable is in its way' }
        : { name: 'the file decides about this setting', state: 'failed', said: `${won} wins over the file: change it there, and restart` },
    ],
    writes: [
      {
        verb: 'patch',
        kind: 'ConfigMap',
        ref: refOf(configMap),
        metadata: configMap.object.metadata,
        fields: before === text ? [] : [changeField(configMap.object, ['data', key], text)],
        guard: 'resourceVersion',
        rollout: false,
      },
    ],
    verification: [
      { what: 'setting', workload: refOf(workload), setting, wanted, before: await Promise.all(pods.map((pod) => seenIn(look, pod))) },
    ],
    nudges: pods.map((pod) => pod.metadata.name),
  }
}

/** What a pod's own metrics say of a setting. */
export interface SeenSetting {
  pod: string
  /** Undefined where the pod does not answer or does not show it. */
  value?: number | undefined
  /** Changes whenever any setting does. */
  hash?: number | undefined
  /** Requests refused by the block list. */
  refused?: number | undefined
  unseen?: string | undefined
}

export async function seenIn(look: Look, pod: Pod, setting?: string): Promise<SeenSetting> {
  const { metrics, port } = look.settings.service
  const { name, namespace = '' } = pod.metadata
  try {
    const answer = await look.cluster.proxy(
      { namespace, kind: 'pods', name, port: metrics.port ?? port, path: metrics.path, limitBytes: 2_000_000 },
      look.signal,
    )
    const sample = (series: string): number | undefined => {
      const line = answer.body.split('\n').find((one) => one.startsWith(`${series} `))
      return line === undefined ? undefined : Number(line.slice(series.length + 1).split(' ')[0])
    }
    return {
      pod: name,
      ...(setting === undefined ? {} : { value: sample(`task_mcp_setting{setting="${setting}"}`) }),
      hash: sample('task_mcp_config_hash'),
      refused: sample('rate_limit_hits_total{limiter="blocked",reason="blocked"}'),
    }
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof ExpectedError) || look.signal.aborted) throw error
    return { pod: name, unseen: error.message }
  }
}

/** The pods of a workload that are not ending. */
export async function podsOf(look: Look, workload: Target): Promise<Pod[]> {
  const pods = (await listed(look, 'pods', { namespace: workload.namespace })) ?? []
  return pods.filter((pod) => selects(workload.object.spec.selector, pod.metadata.labels) && !pod.metadata.deletionTimestamp)
}

async function environmentOf(look: Look, container: Container, namespace: string): Promise<Map<string, { value: string; from: string }>> {
  const found = new Map<string, { value: string; from: string }>()
  for (const { configMapRef, prefix = '' } of (container.envFrom ?? []) as { configMapRef?: { name?: string }; prefix?: string }[]) {
    if (configMapRef?.name === undefined) continue
    const map = await look.cluster.get('configmaps', { namespace, name: configMapRef.name }, look.signal).catch((error: unknown) => {
      if (error instanceof AbsentError) return undefined
      throw error
    })
    for (const [name, value] of Object.entries(map?.data ?? {})) found.set(prefix + name, { value, from: `configmap/${configMapRef.name}` })
  }
  for (const { name, value } of container.env ?? [])
    if (value !== undefined) found.set(name, { value, from: `container ${container.name}` })
  return found
}

/** The value of a flag in the container's arguments, written with a space or an equals sign. */
function flagOf(container: Container, name: string): string | undefined {
  const words = [...(container.command ?? []), ...(container.args ?? [])]
  for (const [at, word] of words.entries()) {
    if (word === `--${name}`) return words[at + 1] ?? ''
    if (word.startsWith(`--${name}=`)) return word.slice(name.length + 3)
  }
  return undefined
}

/** The ConfigMap and its key behind a file of a container; what is wrong with the place, in words, where it is none that changes. */
function configMapOf(spec: PodSpec, container: Container, file: string): { name: string; key: string } | string {
  const mounts = (container.volumeMounts ?? []).filter(
    ({ mountPath }) => file === mountPath || file.startsWith(`${mountPath.replace(/\/$/, '')}/`),
  )
  const mount = mounts.sort((a, b) => b.mountPath.length - a.mountPath.length)[0]
  if (mount === undefined) return 'is in no volume: it is part of the image'
  if (mount.subPath !== undefined) return 'is mounted by subPath, which a running pod never sees change'
  const volume = spec.volumes?.find((one) => one.name === mount.name)
  if (volume?.configMap?.name === undefined) return `is in volume ${mount.name}, which is no ConfigMap`
  const below = file.slice(mount.mountPath.replace(/\/$/, '').length + 1)
  const key = volume.configMap.items === undefined ? below : volume.configMap.items.find((item) => item.path === below)?.key
  return key === undefined ? `is not among the items of volume ${mount.name}` : { name: volume.configMap.name, key }
}
