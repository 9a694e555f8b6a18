import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { get } from 'node:https'
import path from 'node:path'
import type { TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { aFolder, aServer } from './a-server.ts'

function openssl(...words: string[]): boolean {
  try {
    execFileSync('openssl', words, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function aCertificate(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [path.join(folder, `${name}.pem`), path.join(folder, `${name}.key`)]
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    key,
    '-out',
    cert,
  )
  return { cert, key }
}

/** Name on the certificate that is shown, and the status of /health/live. */
function look(url: string): Promise<[string, number | undefined]> {
  return new Promise((resolve, reject) => {
    const asked = get(`${url}/health/live`, { rejectUnauthorized: false, agent: false }, (response) => {
      const subject = (response.socket as TLSSocket).getPeerCertificate().subject.CN
      response.resume()
      resolve([String(subject), response.statusCode])
    })
    asked.on('error', reject)
  })
}

test.skipIf(!openssl('version'))('HTTPS with a certificate that is renewed while the server runs (needs openssl)', async () => {
  const folder = aFolder()
  const [first, second] = [aCertificate(folder, 'first.example'), aCertificate(folder, 'second.example')]
  const server = await aServer({ 'tls-certificate': first.cert, 'tls-key': first.key, 'reload-interval': '50ms' })
  expect(server.url).toMatch(/^https:/)
  expect(await look(server.adminUrl)).toEqual(['first.example', 200])
  copyFileSync(second.key, first.key)
  copyFileSync(second.cert, first.cert)
  await expect.poll(() => look(server.adminUrl), { timeout: 5000 }).toEqual(['second.example', 200])
  await server.close()
})

test('half of a certificate is refused at the start', async () => {
  await expect(aServer({ 'tls-certificate': '/none.pem' })).rejects.toThrow('belong together')
  await expect(aServer({ 'tls-certificate': '/none.pem', 'tls-key': '/none.key' })).rejects.toThrow('/none.pem cannot be read: ENOENT')
})
