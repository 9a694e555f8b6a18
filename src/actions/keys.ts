/** Ed25519 keys of people, as ssh keeps them or as PEM, and signatures with them. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { UsageError } from '../errors.ts'

/** A private key, and its public half as ssh writes it: `ssh-ed25519 AAAA...`. */
export interface OwnKey {
  key: KeyObject
  public: string
}

/** Who may plan and approve. */
export interface Signer {
  name: string
  public: string
}

const derPrivate = Buffer.from('302e020100300506032b657004220420', 'hex')
const derPublic = Buffer.from('302a300506032b6570032100', 'hex')

/** Reads an OpenSSH or a PEM private key. UsageError naming the file for other kinds and for one with a passphrase. */
export function readOwnKey(text: string, file: string): OwnKey {
  let key: KeyObject
  try {
    key = text.includes('BEGIN OPENSSH PRIVATE KEY') ? fromOpenSsh(text, file) : createPrivateKey(text)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(
      `${file} is no private key that can be read here`,
      'give an Ed25519 key: ssh-keygen -t ed25519, or openssl genpkey -algorithm ed25519',
    )
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new UsageError(`the key in ${file} is ${key.asymmetricKeyType}, and Ed25519 is needed`, 'ssh-keygen -t ed25519 makes one')
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(derPublic.length)
  return { key, public: `ssh-ed25519 ${sshBlob(raw).toString('base64')}` }
}

/** Lines of `NAME ssh-ed25519 AAAA... [comment]`. UsageError with the line that is none. */
export function readSigners(text: string, file: string): Signer[] {
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '' || line.trimStart().startsWith('#')) return []
    const [name, kind, blob] = line.trim().split(/\s+/)
    if (name === undefined || kind !== 'ssh-ed25519' || blob === undefined || rawOf(`${kind} ${blob}`) === undefined)
      throw new UsageError(`${file}:${at + 1} is no signer`, 'write NAME ssh-ed25519 AAAA..., the second and third word from a .pub file')
    return [{ name, public: `${kind} ${blob}` }]
  })
}

export const signText = (text: string, { key }: OwnKey): string => sign(null, Buffer.from(text), key).toString('base64')

/** Whether the signature of a text is by this public key. */
export function signedBy(text: string, signature: string, key: string): boolean {
  const raw = rawOf(key)
  if (raw === undefined) return false
  const object = createPublicKey({ key: Buffer.concat([derPublic, raw]), format: 'der', type: 'spki' })
  return verify(null, Buffer.from(text), object, Buffer.from(signature, 'base64'))
}

const sshText = (text: Buffer | string): Buffer => {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
const sshBlob = (raw: Buffer): Buffer => Buffer.concat([sshText('ssh-ed25519'), sshText(raw)])

/** The 32 bytes of a public key. */
function rawOf(key: string): Buffer | undefined {
  const blob = Buffer.from(key.split(' ')[1] ?? '', 'base64')
  const raw = blob.subarray(-32)
  return raw.length === 32 && sshBlob(raw).equals(blob) ? raw : undefined
}

/** The `openssh-key-v1` container (PROTOCOL.key of OpenSSH), without encryption. */
function fromOpenSsh(text: string, file: string): KeyObject {
  const bytes = Buffer.from(text.replace(/-----[^-]+-----/g, '').replace(/\s/g, ''), 'base64')
  let at = 'openssh-key-v1\0'.length
  const next = (): Buffer => {
    const length = bytes.readUInt32BE(at)
    at += 4 + length
    return bytes.subarray(at - length, at)
  }
  if (next().toString() !== 'none')
    throw new UsageError(
      `the key in ${file} has a passphrase, which is not asked for here`,
      'give one without: a key of its own for approvals, kept where only you can read it',
    )
  next()
  next()
  at += 4
  next()
  const inner = next()
  at = inner.byteOffset - bytes.byteOffset + 8
  if (next().toString() !== 'ssh-ed25519') throw new UsageError(`the key in ${file} is not Ed25519`, 'ssh-keygen -t ed25519 makes one')
  next()
  const seed = next().subarray(0, 32)
  return createPrivateKey({ key: Buffer.concat([derPrivate, seed]), format: 'der', type: 'pkcs8' })
}
