/** What pods answered when they were asked what the kubelet asks, and whether the question is wrong. Pure. */
import type { Pod, Probe } from '../facts/kubernetes/pod.ts'
import { portNumber } from '../facts/probes.ts'
import { short } from './claim.ts'
import type { Evidence } from './verdict.ts'
import { probesOf, type View } from './view.ts'

export const probeText = (p: Probe | undefined): string =>
  p?.httpGet
    ? `GET ${p.httpGet.path ?? '/'} on port ${p.httpGet.port}`
    : p?.tcpSocket
      ? `TCP connect to port ${p.tcpSocket.port}`
      : p?.exec
        ? `exec ${p.exec.command?.join(' ')}`
        : p?.grpc
          ? `gRPC on port ${p.grpc.port}`
          : 'none'

type Answer =
  | { kind: 'status'; status: number; body: string; seconds: number }
  | { kind: 'refused' | 'timeout' | 'unknown'; reason: string }

/** What the pod answered when we asked what the kubelet asks. */
export function asked(view: View, pod: Pod, port: number | undefined, path: string | undefined): Answer | undefined {
  const probe = probesOf(view, 'pod', pod.metadata.name).find((p) => p.port === port && p.path === (path ?? '/'))
  if (!probe) return undefined
  const { result } = probe
  if (result.state === 'ok') return { kind: 'status', ...result.value }
  if (/refused|reset|EOF|no route/i.test(result.reason)) return { kind: 'refused', reason: result.reason }
  return {
    kind: /time|deadline|abort/i.test(result.reason) && result.state === 'unreachable' ? 'timeout' : 'unknown',
    reason: result.reason,
  }
}

export const good = (a: Answer | undefined): boolean => a?.kind === 'status' && a.status >= 200 && a.status < 400

const answerText = (a: Answer | undefined): string =>
  !a ? 'not asked' : a.kind === 'status' ? `${a.status} ${short(a.body, 80)}` : a.kind === 'refused' ? 'connection refused' : a.reason

/** Other ports and paths on which the same pod answers well: proof that the program is up and only the probe is wrong. */
function alive(view: View, pod: Pod, port: number | undefined, path: string | undefined): { asked: string; answer: Answer } | undefined {
  const others = probesOf(view, 'pod', pod.metadata.name).filter((p) => !(p.port === port && (path === undefined || p.path === path)))
  for (const p of others) {
    const answer = asked(view, pod, p.port as number, p.path)
    if (answer && good(answer)) return { asked: `GET ${p.path} of pod/${pod.metadata.name}:${p.port}`, answer }
  }
  return undefined
}

/** Judges one probe against what the pod itself answers. `ownFault`: the program answered the probe with an error of its own. */
export function wrongProbe(
  view: View,
  pod: Pod,
  probe: Probe,
  event: string | undefined,
  purpose: 'ready' | 'live',
): { wrong: boolean; ownFault: boolean; says: string; evidence: Evidence[] } | undefined {
  const container = pod.spec.containers.find((c) => c.readinessProbe === probe || c.livenessProbe === probe || c.startupProbe === probe)
  if (probe.httpGet) {
    const port = portNumber(container, probe.httpGet.port)
    const answer = asked(view, pod, port, probe.httpGet.path)
    const settingsPath = purpose === 'ready' ? view.service.health.ready : view.service.health.live
    const reference = asked(view, pod, view.service.port, settingsPath)
    const other = alive(view, pod, port, probe.httpGet.path)
    const notFound =
      (answer?.kind === 'status' &&
        (answer.status === 404 ||
          answer.status === 405 ||
          answer.status === 401 ||
          answer.status === 403 ||
          (answer.status >= 300 && answer.status < 400))) ||
      (!answer && /statuscode: (404|405|401|403)/.test(event ?? ''))
    const refusedPort = answer?.kind === 'refused' || (!answer && /connection refused/.test(event ?? ''))
    const wrongScheme = /server gave HTTP response to HTTPS client|malformed HTTP/i.test(event ?? '')
    const says =
      port === undefined
        ? `names port "${probe.httpGet.port}", which the container does not have`
        : wrongScheme
          ? 'speaks HTTPS to a plain HTTP port'
          : notFound
            ? `answers ${answer?.kind === 'status' ? answer.status : /statuscode: (\d+)/.exec(event ?? '')?.[1]}`
            : 'refuses the connection'
    const evidence: Evidence[] = [
      {
        source: 'probe',
        asked: `GET ${probe.httpGet.path ?? '/'} of pod/${pod.metadata.name}:${port ?? probe.httpGet.port} (its ${purpose === 'ready' ? 'readiness' : 'liveness'} probe)`,
        observed: answer ? answerText(answer) : (event ?? 'not asked'),
        expected: '200',
      },
    ]
    const fine =
      reference && good(reference)
        ? { asked: `GET ${settingsPath} of pod/${pod.metadata.name}:${view.service.port}`, answer: reference }
        : other
    if (fine) evidence.push({ source: 'probe', asked: fine.asked, observed: answerText(fine.answer), expected: '200' })
    // A port that refuses while another question on it is answered was asked before the program listened.
    const elsewhere =
      fine !== undefined && (notFound || !probesOf(view, 'pod', pod.metadata.name).some((p) => p.port === port && p.result.state === 'ok'))
    const wrong = port === undefined || wrongScheme || ((notFound || refusedPort) && elsewhere)
    return { wrong, ownFault: answer?.kind === 'status' && answer.status >= 500, says, evidence }
  }
  if (probe.tcpSocket || probe.grpc) {
    const port = probe.tcpSocket ? portNumber(container, probe.tcpSocket.port) : probe.grpc?.port
    const fine = alive(view, pod, port, undefined)
    const wrong = fine !== undefined && /refused|timeout|deadline|unimplemented/i.test(event ?? '')
    return {
      wrong,
      ownFault: false,
      says: `fails: ${short(event ?? 'no answer', 80)}`,
      evidence: fine ? [{ source: 'probe', asked: fine.asked, observed: answerText(fine.answer), expected: '200' }] : [],
    }
  }
  const fine = alive(view, pod, undefined, undefined)
  const wrong = fine !== undefined && /not found|no such file|executable|exec failed|exit status 12[67]/i.test(event ?? '')
  return {
    wrong,
    ownFault: false,
    says: `fails: ${short(event ?? 'no answer', 80)}`,
    evidence: fine ? [{ source: 'probe', asked: fine.asked, observed: answerText(fine.answer), expected: '200' }] : [],
  }
}
