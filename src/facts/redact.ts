/** Nothing secret is kept: every text that enters a Snapshot passes here first. Pure. */
import type { Container, PodSpec } from './kubernetes/pod.ts'

const mark = '[redacted]'

/** Keys that their makers gave a form of their own. */
const vendorKey = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bxox[abprs]-[\w-]{20,}|\bsk_live_\w{16,}|\bAIza[\w-]{30,}/

const rules: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, mark],
  [new RegExp(vendorKey, 'g'), mark],
  [/\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*/g, mark],
  [/\b(bearer|basic|token)\s+[\w.~+/=-]{8,}/gi, `$1 ${mark}`],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, `$1:${mark}@`],
  [
    /(["']?[\w.-]*(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|cookie|session[_-]?id|authorization)[\w.-]*["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&}"']+)/gi,
    `$1${mark}`,
  ],
]

/** A run of characters that looks made by a machine: 20 or more, letters and digits mixed, no plain word structure. */
const token = /[A-Za-z0-9+/_=-]{20,}/g

function looksSecret(text: string): boolean {
  const digits = text.replace(/\D/g, '').length
  return digits >= 4 && digits < text.length && /[A-Za-z]/.test(text)
}

/** Text without credentials. `known` holds names that may look like tokens and are not (pods, ReplicaSets, images). */
export function redact(text: string, known: ReadonlySet<string> = new Set()): string {
  const ruled = rules.reduce((t, [pattern, to]) => t.replace(pattern, to), text)
  return ruled.replace(token, (t) => (known.has(t) || !looksSecret(t) || isIdentifier(t) ? t : mark))
}

/** Times, UUIDs, incidents' ids (`inc-20260102-0304-xyz`) and addresses of a shell (`/dev/tcp/orders/5432`) are identifiers, not secrets; so are Kubernetes names with a hash at the end (`name-5d4f8c7b9-x2x4z`, `pod/name-5d4f8c7b9-x2x4z`). */
function isIdentifier(whole: string): boolean {
  // A kind or a namespace before the name; only lower case, so that nothing in base64 passes for one.
  const text = whole.replace(/^[a-z][a-z0-9-]{0,62}\//, '')
  return (
    /^\d{4}-\d{2}-\d{2}/.test(text) ||
    /^inc-\d{8}-\d{4}-[a-z]{3}$/.test(text) ||
    /^\/dev\/(?:tcp|udp)\/[a-z0-9-]+\/\d{1,5}$/.test(text) ||
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ||
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*-[bcdfghjklmnpqrstvwxz2456789]{6,10}(-[bcdfghjklmnpqrstvwxz2456789]{5})?$/.test(text)
  )
}

/** A credential that a program wrote down in full, by what it is. */
export type SecretKind = 'private key' | 'bearer token' | 'password in a URL' | 'cloud or vendor key' | 'password'

const secrets: readonly [SecretKind, RegExp][] = [
  ['private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['bearer token', /\beyJ[\w-]{10,}\.eyJ[\w-]{6,}\.[\w-]{10,}|\bauthorization["']?\s*[:=]\s*["']?(?:bearer|basic)\s+[\w.~+/=-]{12,}/i],
  ['password in a URL', /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:[^\s:/@*<>[\]{}$]{3,}@[\w.-]+/i],
  ['cloud or vendor key', vendorKey],
  [
    'password',
    /["']?\b(?:password|passwd|client_?secret|api_?key|access_?token|refresh_?token)["']?\s*[:=]\s*["']?(?=[^\s"',;&}]*\d)(?=[^\s"',;&}]*[a-z])[^\s"',;&}*<>[\]{}$()]{8,}/i,
  ],
]

/** The kind of credential that a text holds in full; undefined where it holds none, or a mask in its place. */
export const secretIn = (text: string): SecretKind | undefined => secrets.find(([, pattern]) => pattern.test(text))?.[0]

const plainValue = /^(?:|-?[\d.]+[a-zA-Z%]{0,3}|true|false|on|off|yes|no|[a-z]{1,12})$/i
const addressValue = /^(?:[a-z][a-z0-9+.-]*:\/\/)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?(?:\/[\w./-]*)?$/i
const secretName = /pass|secret|token|key|credential|auth|cert|private|salt|signature|login|basic/i
const portIn = /:\d{1,5}(?=\/|$)/

/** Names of an address often end in a number of their own, as a namespace `shop-30109` does: that alone makes no credential. */
const withoutNumbers = (address: string): string =>
  /:\/\/|\.|:\d/.test(address) ? address.replace(portIn, '').replace(/-\d+(?=[./]|$)/g, '') : address

/** Flags of a runtime, alone or with a number: `--max-old-space-size=512 --expose-gc`, `-Xmx2g`. */
const flagsValue = /^-{1,2}[a-z][\w:-]*(?:=-?[\d.]+[a-z%]{0,2})?(?:\s+-{1,2}[a-z][\w:-]*(?:=-?[\d.]+[a-z%]{0,2})?)*$/i
const onlyFlags = (value: string): boolean =>
  flagsValue.test(value) && !secretName.test(value) && value.split(/\s+/).every((flag) => !looksSecret(flag.split('=')[0]!))

/** Whether a literal environment value may be kept: numbers, switches, short words, addresses, flags of a runtime; never under a name that smells of a secret. */
export const keepsValue = (name: string, value: string): boolean =>
  !secretName.test(name) &&
  (plainValue.test(value) || onlyFlags(value) || (addressValue.test(value) && !looksSecret(withoutNumbers(value))))

/** A short fingerprint that tells equal from different within one Snapshot and gives nothing else away: `salt` is drawn anew each time. */
export type Fingerprint = (value: string) => string

/** A command line without the values of flags that name a secret. */
export const redactArgument = (value: string): string =>
  redact(value.replace(/((?:pass(?:word)?|secret|token|key)[=\s]+)\S+/gi, `$1${mark}`))

function redactContainer(container: Container, fingerprint: Fingerprint): Container {
  return {
    ...container,
    ...(container.env && {
      env: container.env.map((e) => (e.value === undefined || keepsValue(e.name, e.value) ? e : { ...e, value: fingerprint(e.value) })),
    }),
    ...(container.command && { command: container.command.map(redactArgument) }),
    ...(container.args && { args: container.args.map(redactArgument) }),
  }
}

/** A pod spec whose environment and arguments give nothing away, yet still compare equal when they were equal. */
export function redactSpec<T extends PodSpec>(spec: T, fingerprint: Fingerprint): T {
  return {
    ...spec,
    containers: spec.containers.map((c) => redactContainer(c, fingerprint)),
    ...(spec.initContainers && { initContainers: spec.initContainers.map((c) => redactContainer(c, fingerprint)) }),
  }
}
