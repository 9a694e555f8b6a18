/** Objects on their way in and out. Pure. */
import type { KubeObject } from '../facts/kubernetes/object.ts'

/** The object without anything that may hold values: data, and the copy of it that kubectl apply leaves in an annotation. */
export function bareMetadata<T extends KubeObject>(object: T): T {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...annotations } = object.metadata.annotations ?? {}
  const metadata = { ...object.metadata, ...(object.metadata.annotations === undefined ? {} : { annotations }) }
  return {
    ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }),
    ...(object.kind === undefined ? {} : { kind: object.kind }),
    metadata,
  } as T
}

/** JSON as the API server writes it: a `test` operation of a JSON patch compares strings by their bytes, and Go escapes these characters. */
export const goJson = (body: unknown): string =>
  JSON.stringify(body).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
