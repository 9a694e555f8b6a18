/** Who asks the Service, and on which ports, as far as specs tell. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { all } from '../../facts/lookup.ts'
import { escapeRegex } from '../../facts/queries.ts'
import type { View } from '../view.ts'

/** The Service as an address in a text, with what stands before and behind it. */
function addressOf(view: View): string {
  const name = escapeRegex(view.service.service)
  return `(?:^|[^a-z0-9.-])${name}(?:\\.[a-z0-9-]+(?:\\.svc[a-z0-9.]*)?)?(?=$|[:/"'\\s$])`
}

const textsOf = (pod: Pod): string[] =>
  pod.spec.containers.flatMap((c) => [...(c.command ?? []), ...(c.args ?? []), ...(c.env ?? []).map((e) => e.value ?? '')])

/** Pods of the namespace that name the Service as an address: its callers, as far as specs tell. */
export function callers(view: View): Pod[] {
  const address = new RegExp(addressOf(view))
  return all(view.snapshot, 'pods').filter(
    (p) =>
      p.metadata.namespace === view.service.namespace &&
      p.status?.phase === 'Running' &&
      !view.pods.includes(p) &&
      textsOf(p).some((t) => address.test(t)),
  )
}

/** The ports on which a caller asks the Service: those that its addresses state, and the usual one of a URL that states none. */
export function portsAsked(view: View, caller: Pod): number[] {
  const stated = new RegExp(
    `(?:(https?)://)?${addressOf(view).replace('(?:^|[^a-z0-9.-])', '(?<![a-z0-9.-])')}(?::(\\d{1,5})(?!\\d))?`,
    'g',
  )
  return textsOf(caller).flatMap((text) =>
    [...text.matchAll(stated)].flatMap(([, scheme, port, variable]) =>
      port !== undefined ? [Number(port)] : scheme === undefined || variable !== undefined ? [] : [scheme === 'https' ? 443 : 80],
    ),
  )
}
