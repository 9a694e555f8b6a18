import { randomUUID } from 'node:crypto'
import { drain } from './drain.ts'
import { type Admin, createAdmin } from './http/admin.ts'
import { type Blocked, createBlocked } from './http/block-list.ts'
import { createDebug } from './http/debug.ts'
import { createGuard, scopeChallenge } from './http/guard.ts'
import { createHealth } from './http/health.ts'
import { createVerifyJwt } from './http/jwt.ts'
import { type Listener, listen } from './http/listener.ts'
import { createMcpRoute } from './http/mcp-route.ts'
import { resourceMetadata } from './http/resource-metadata.ts'
import { createStreams } from './http/streams.ts'
import type { Offer } from './mcp/definition.ts'
import { createDispatch } from './mcp/dispatch.ts'
import { createLegacyEndpoint } from './mcp/legacy/endpoint.ts'
import { legacyMethods } from './mcp/legacy/methods.ts'
import { createSessions } from './mcp/legacy/sessions.ts'
import { createStreamLog } from './mcp/legacy/stream-log.ts'
import { createModernEndpoint, modernMethods } from './mcp/modern/endpoint.ts'
import { createLongCalls } from './mcp/modern/long-calls.ts'
import { createSubscriptions } from './mcp/modern/subscriptions.ts'
import { createOperations, sharedMethods } from './mcp/operations.ts'
import { spread } from './mcp/spread.ts'
import { taskPrompts } from './mcp/task-prompts.ts'
import { taskResources } from './mcp/task-resources.ts'
import { taskTools } from './mcp/task-tools.ts'
import { createLive } from './reload.ts'
import { settingTable } from './setting-table.ts'
import { keyOf, type Settings } from './settings.ts'
import { steadyClock } from './steady-clock.ts'
import { openStore } from './store/open.ts'
import { probeOf } from './store/probe.ts'
import { createTaskList, operations as storeOperations } from './tasks/task-list.ts'
import { isServerError } from './telemetry/catalogue.ts'
import { createLog, type LogLevel, reasonOf } from './telemetry/log.ts'
import { configHash, createMetrics, type Metrics } from './telemetry/metrics.ts'
import { tracedStore } from './telemetry/traced-store.ts'
import { openTraces } from './telemetry/traces.ts'
import { checkToolNames, createToolLimits } from './tool-limits.ts'
import { createWebhook, type Webhook, webhookName } from './webhook.ts'

/** The world of a server: where its log lines go, the time in milliseconds, and what stops it. */
export interface ServerIo {
  readonly log: (line: string) => void
  readonly clock: { now(): number }
  readonly signal: AbortSignal
  /** Shown in build information and to clients. */
  readonly version: string
  readonly revision?: string
  /** Reads the settings again, where they can change while the server runs. */
  readonly reload?: () => Promise<Settings>
  /** Offered besides the task list: what an embedding program adds. */
  readonly also?: Offer
}

export interface RunningServer {
  /** Where /mcp is. */
  readonly url: string
  /** Where /health and /metrics are: the same origin, unless there is an admin listener. */
  readonly adminUrl: string
  /** Not ready first, then streams and requests end, then the store is closed. Safe to call twice. */
  close(): Promise<void>
  /** Resolves when it is closed, by `close` or by the signal. */
  readonly closed: Promise<void>
}

/**
 * Starts a server. It answers as soon as this resolves; where the database is not there yet it says "not ready", and keeps trying.
 * @throws UsageError for a setting that cannot be used, StoreError for a SQLite file that cannot be opened.
 */
export async function startServer(settings: Settings, io: ServerIo): Promise<RunningServer> {
  const now = steadyClock(io.clock.now, () => performance.now())
  const log = createLog(io.log, io.clock.now, settings.logLevel as LogLevel)
  const toolNames = taskTools({} as never, noLeave).map(({ name }) => name)
  const methods = [...sharedMethods, ...legacyMethods, ...modernMethods]
  const dependencies = settings.webhookUrl === '' ? [] : [webhookName]
  const metrics = createMetrics(
    {
      tools: toolNames,
      methods,
      storeOperations: [...storeOperations, 'session', 'stream', 'long_call', 'probe', 'migrate'],
      checks: ['ready', 'store', 'connections', ...dependencies],
      dependencies,
    },
    { version: io.version, revision: io.revision ?? '' },
  )
  metrics.configHash.set(configHash(settings))
  const { reload } = io
  const limitable = [...toolNames, ...(io.also?.tools ?? []).map(({ name }) => name)]
  const live = createLive(checkToolNames(settings, limitable), reload && (async () => checkToolNames(await reload(), limitable)), log, {
    settings: (next) => {
      guard.reconfigure()
      toolLimits.reconfigure()
      log.setLevel(next.logLevel as LogLevel)
      blocked.reconfigure()
      streams.closeWhere((principal, address) => (blocked.principal(principal) ?? blocked.address(address)) !== undefined)
      metrics.configHash.set(configHash(next))
    },
    certificate: (next) => listener.renew(next),
  })
  const current = live.settings
  const instance = randomUUID()
  const traces = await openTraces(settings, { instance, version: io.version, metrics, log })
  const tracing = traces?.tracing
  const opened = await openStore(current, { instance, metrics, log })
  const store = tracing === undefined ? opened : tracedStore(opened, tracing)
  const list = createTaskList(store, now, instance)
  const webhook = settings.webhookUrl === '' ? undefined : createWebhook(current, metrics, log, tracing)
  const offer: Offer = {
    tools: [...taskTools(list, webhook === undefined ? noLeave : (event) => webhook.ask(event)), ...(io.also?.tools ?? [])],
    resources: [taskResources(list), ...(io.also?.resources ?? [])],
    prompts: [...taskPrompts(list), ...(io.also?.prompts ?? [])],
  }
  const toolLimits = createToolLimits(current, metrics)
  const operations = createOperations(offer, toolLimits.admit)
  const dispatch = createDispatch({
    metrics,
    log,
    methods: new Set(methods),
    tools: new Set(toolNames),
    tracing,
    challenge: (scope) => scopeChallenge(current(), scope),
  })
  const sessions = createSessions(store, current, now, metrics, log)
  const streams = createStreams(current, metrics)
  const blocked = createBlocked(current, io.clock.now)
  metrics.beforeScrape(() => showSettings(metrics, current(), blocked))
  const guard = createGuard(
    current,
    { tokens: live.tokens, verifyJwt: settings.jwtIssuer === '' ? undefined : createVerifyJwt(settings, io.clock.now) },
    blocked,
    metrics,
  )
  const streamLog = createStreamLog(store, now, log)
  const legacy = createLegacyEndpoint({
    version: io.version,
    now,
    log: streamLog,
    settings: current,
    operations,
    dispatch,
    sessions,
    streams,
    list,
    admitSession: guard.admitSession,
  })
  const subscriptions = createSubscriptions(streams, io.version)
  const longCalls = createLongCalls(store, now, log, (tool, errorType, seconds, { tag }) => {
    metrics.operations.labels('tools/call', toolNames.includes(tool) ? tool : '_other', errorType).observe(seconds)
    if (isServerError(errorType)) metrics.badRequests.count(tag, 'error')
  })
  const modern = createModernEndpoint({ version: io.version, settings: current, operations, dispatch, subscriptions, longCalls })
  store.onChange((change) => spread(change, instance, sessions, subscriptions, webhook, log))

  const health = createHealth({
    checks: { store: probeOf(store, log), connections: async () => roomAt(listener) },
    advisory: webhook === undefined ? {} : { [webhookName]: () => webhookCheck(webhook) },
    intervalSeconds: settings.healthInterval,
    timeoutSeconds: Math.min(settings.databaseConnectTimeout + settings.databaseStatementTimeout, 4),
    metrics,
    log,
  })
  const mcp = createMcpRoute(current, guard, legacy, modern, metrics, tracing)
  const apart = settings.adminPort >= 0
  const debug = createDebug(guard, log, apart)
  const pages = createAdmin(health, metrics)
  const admin: Admin = async (request, response, path) => (await pages(request, response, path)) || debug(request, response, path)
  const metadata = settings.jwtIssuer === '' ? undefined : resourceMetadata(settings)
  const listener = await listen(
    { host: settings.host, port: settings.port, certificate: live.certificate() },
    apart ? { mcp, metadata } : { mcp, admin, metadata },
    metrics,
    log,
    tracing,
  )
  const adminListener = apart ? await listen({ host: settings.adminHost, port: settings.adminPort }, { admin }, metrics, log) : undefined
  await health.readiness()
  health.start()
  const forgetting = setInterval(() => {
    Promise.all([list.forgetOld(), streamLog?.forgetOld(), longCalls.forgetOld()]).catch((error: unknown) =>
      log.warn('what is old was not removed', { reason: reasonOf(error) }),
    )
  }, forgetMilliseconds)
  forgetting.unref()
  const reloading = setInterval(() => {
    live.reload().catch((error: unknown) => log.error('reading settings again failed by a bug', { reason: reasonOf(error) }))
  }, settings.reloadInterval * 1000)
  reloading.unref()
  const url = `${listener.url}/mcp`
  const adminUrl = (adminListener ?? listener).url
  log.info('listening', {
    url,
    admin_url: adminUrl,
    store: store.kind,
    place: store.place,
    tokens: live.tokens().size,
    version: io.version,
  })
  if (settings.tokenFile === '' && settings.tokens === '' && settings.jwtIssuer === '')
    log.warn('there is no authentication: everybody who can reach this address can read and change every task', { url })

  const closed = Promise.withResolvers<void>()
  let closing = false
  const close = (): Promise<void> => {
    clearInterval(forgetting)
    clearInterval(reloading)
    if (!closing)
      drain({ settings, listener, adminListener, health, mcp, streams, sessions, store, streamLog, longCalls, webhook, traces, log }).then(
        closed.resolve,
        closed.reject,
      )
    closing = true
    return closed.promise
  }
  if (io.signal.aborted) void close()
  else io.signal.addEventListener('abort', () => void close(), { once: true })
  return { url, adminUrl, close, closed: closed.promise }
}

/** The settings that can change while the server runs, so that whoever changed one can see that it is in force. */
function showSettings(metrics: Metrics, settings: Settings, blocked: Blocked): void {
  for (const { name, kind, hot } of settingTable)
    if (hot === true && (kind === 'number' || kind === 'bytes' || kind === 'duration'))
      metrics.settingValue.set({ setting: name }, settings[keyOf(name) as keyof Settings] as number)
  const { addresses, principals } = blocked.count()
  metrics.settingValue.set({ setting: 'blocked-addresses' }, addresses)
  metrics.settingValue.set({ setting: 'blocked-principals' }, principals)
}

const forgetMilliseconds = 600_000

const noLeave = async (): Promise<void> => undefined

/** @throws Error saying why not, when no more connections can be served. */
function roomAt(listener: Listener): void {
  const reason = listener.crowded()
  if (reason !== undefined) throw new Error(reason)
}

function webhookCheck(webhook: Webhook): { status: 'ok' | 'failed'; reason?: string } {
  return webhook.state() === 'closed'
    ? { status: 'ok' }
    : { status: 'failed', reason: `it failed repeatedly; the circuit is ${webhook.state().replace('_', ' ')}` }
}
