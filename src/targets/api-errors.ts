/** What an answer of the Kubernetes API server means when it is not a success, as our errors. */
import { AbsentError, DeniedError, type ExpectedError, MovedError, RefusedError, UnreachableError, UsageError } from '../errors.ts'
import type { BoundedAnswer } from './http-request.ts'

/** What was asked, in the words of RBAC, so that a refusal can name the rule that would allow it. */
export interface Asked {
  verb: string
  group: string
  /** Plural, with a subresource after a slash: `pods/log`. */
  resource: string
  namespace?: string | undefined
  name?: string | undefined
}

export interface ApiStatus {
  kind: 'Status'
  reason?: string
  message?: string
  code?: number
  details?: { causes?: { field?: string; message?: string }[] }
  metadata?: { continue?: string }
}

/** The Status object of an answer, or undefined when it is something else. */
export function statusOf(answer: BoundedAnswer): ApiStatus | undefined {
  if (!answer.contentType.includes('json')) return undefined
  try {
    const parsed: unknown = JSON.parse(answer.body)
    return typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status' ? (parsed as ApiStatus) : undefined
  } catch {
    return undefined
  }
}

/** The Role (or ClusterRole) rule that allows what was asked, as YAML for a `rules:` list, after a line that says where it belongs. */
export function ruleFor(asked: Asked, user: string): string {
  const where = asked.namespace === undefined ? 'a ClusterRole' : `a Role in namespace ${asked.namespace}`
  return `this rule, in ${where} bound to ${user}, would allow it:\n- apiGroups: ["${asked.group}"]\n  resources: ["${asked.resource}"]\n  verbs: ["${asked.verb}"]`
}

const rbac = /cannot \w+ (resource|path)/

/** The error for an API answer with status 400 or more. `what` names the server; `user` who asked. */
export function apiError(answer: BoundedAnswer, asked: Asked, what: string, user: string): ExpectedError {
  const status = statusOf(answer)
  const said = status?.message ?? firstLine(answer.body)
  const thing = `${asked.resource}${asked.name === undefined ? '' : ` "${asked.name}"`}${asked.namespace === undefined ? '' : ` in namespace ${asked.namespace}`}`
  if (answer.status === 401) {
    return new DeniedError(
      `${what} does not accept the credentials of ${user}`,
      'log in again, or choose another user with --context or --kubeconfig',
    )
  }
  if (answer.status === 403 && (status === undefined || said === '' || rbac.test(said))) {
    if (status === undefined && answer.contentType.includes('html')) return notTheApi(what)
    return new DeniedError(`${user} may not ${asked.verb} ${thing}`, ruleFor(asked, user))
  }
  if (answer.status === 404) return new AbsentError(said === '' ? `there is no ${thing}` : said, undefined)
  if (answer.status === 409) {
    return status?.reason === 'AlreadyExists'
      ? new RefusedError(said, 'AlreadyExists', 'choose another name, or look at the one that is there')
      : new MovedError(said === '' ? `${thing} was changed by somebody else meanwhile` : said, 'look again and make a new plan')
  }
  if (
    answer.status === 422 &&
    /the server rejected our request|testing value|test operation/i.test(
      `${said} ${status?.details?.causes?.map((c) => c.message).join(' ')}`,
    )
  ) {
    return new MovedError(`${thing} is no longer what the plan was made from`, 'look again and make a new plan')
  }
  if (answer.status === 410) return new UnreachableError(`${what} no longer has the list that was being read`, 'ask again')
  if (answer.status === 403 || answer.status === 422 || /failed calling webhook|admission webhook/.test(said)) {
    return new RefusedError(said === '' ? `${what} refused to ${asked.verb} ${thing}` : said, status?.reason ?? 'Forbidden')
  }
  if (answer.status === 400 && asked.resource === 'pods/log') return new AbsentError(said)
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
    return status === undefined ? notTheApi(what) : new UsageError(`${what} did not understand the request for ${thing}: ${said}`)
  }
  return new UnreachableError(
    `${what} answered ${answer.status}${said === '' ? '' : `: ${said}`}`,
    answer.status === 429 ? 'it asks for fewer requests; try again in a minute' : 'look at the API server, or try again',
  )
}

/** The error for an answer that does not come from a Kubernetes API server at all. */
export function notTheApi(what: string): UnreachableError {
  return new UnreachableError(
    `${what} answered, but not as a Kubernetes API server does`,
    'a proxy or a login page may be answering in its place: check the address in the kubeconfig and HTTPS_PROXY',
  )
}

const firstLine = (text: string): string => (text.trimStart().startsWith('<') ? '' : (text.split('\n', 1)[0] ?? '').slice(0, 300))
