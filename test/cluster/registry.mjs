// A private registry with one tiny image: a program that ends at once. It answers 401 to whoever does not bring USER:PASSWORD.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'

/** An ELF program of one segment: exit(0). */
function program() {
  const arm = process.arch === 'arm64'
  const code = arm
    ? [0x00, 0x00, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4]
    : [0x31, 0xff, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x0f, 0x05]
  const file = Buffer.alloc(120 + code.length)
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1')
  file.writeUInt16LE(2, 16)
  file.writeUInt16LE(arm ? 183 : 62, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(0x400078n, 24)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt32LE(1, 64)
  file.writeUInt32LE(5, 68)
  file.writeBigUInt64LE(0x400000n, 80)
  file.writeBigUInt64LE(0x400000n, 88)
  file.writeBigUInt64LE(BigInt(file.length), 96)
  file.writeBigUInt64LE(BigInt(file.length), 104)
  file.writeBigUInt64LE(0x1000n, 112)
  Buffer.from(code).copy(file, 120)
  return file
}

/** A tar archive of one executable file. */
function archive(name, content) {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000755\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257, 'latin1')
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512), Buffer.alloc(1024)])
}

const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const blobs = new Map()
const keep = (bytes, mediaType) => {
  blobs.set(digestOf(bytes), bytes)
  return { mediaType, size: bytes.length, digest: digestOf(bytes) }
}
const tar = archive('run', program())
const layer = keep(gzipSync(tar), 'application/vnd.oci.image.layer.v1.tar+gzip')
const settings = {
  architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
  os: 'linux',
  config: { Entrypoint: ['/run'] },
  rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
}
const config = keep(Buffer.from(JSON.stringify(settings)), 'application/vnd.oci.image.config.v1+json')
const manifest = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [layer] }),
)
const allowed = `Basic ${Buffer.from(`${process.env.USER_NAME}:${process.env.PASSWORD}`).toString('base64')}`

createServer((request, response) => {
  const send = (status, body, headers = {}) =>
    response.writeHead(status, { 'content-length': body.length, ...headers }).end(request.method === 'HEAD' ? undefined : body)
  if (request.headers.authorization !== allowed)
    return send(401, Buffer.from('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'), {
      'www-authenticate': 'Basic realm="images"',
    })
  const blob = /\/blobs\/(.+)$/.exec(request.url)?.[1]
  if (blob !== undefined && blobs.has(blob)) return send(200, blobs.get(blob), { 'content-type': 'application/octet-stream' })
  if (/\/manifests\//.test(request.url))
    return send(200, manifest, {
      'content-type': 'application/vnd.oci.image.manifest.v1+json',
      'docker-content-digest': digestOf(manifest),
    })
  return send(request.url === '/v2/' ? 200 : 404, Buffer.from('{}'))
  // Every node has one on its own loopback, where a runtime speaks plain HTTP; nodes of a test cluster may share a network.
}).listen({ host: '127.0.0.1', port: Number(process.env.PORT), reusePort: true })
process.on('SIGTERM', () => process.exit(0))
