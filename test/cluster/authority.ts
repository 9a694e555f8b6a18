/** A certificate authority for one run: keys and certificates of any dates, made by openssl in a folder that is thrown away. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run } from './kubectl.ts'

export interface Pair {
  certificate: string
  key: string
}

const settings = (host: string): string => `
[ca]
default_ca = here
[here]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = server
unique_subject = no
[any]
commonName = supplied
[server]
subjectAltName = DNS:${host}
`

/** Dates as openssl writes them: 20260131120000Z. */
const dated = (days: number): string => `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/\D/g, '').slice(0, 14)}Z`

/**
 * @param host the name that the certificates are for
 * @param validities first and last day of each certificate, counted from now
 * @returns the authority's certificate and one pair for each of the validities, all PEM
 */
export async function authority(
  host: string,
  ...validities: readonly (readonly [number, number])[]
): Promise<{ root: string; pairs: Pair[] }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'authority-'))
  const openssl = async (...words: string[]): Promise<void> => {
    const ran = await run('openssl', words, { cwd: folder })
    if (ran.code !== 0) throw new Error(`openssl ${words[0]}: ${ran.err.trim()}`)
  }
  const file = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  try {
    await writeFile(path.join(folder, 'settings'), settings(host))
    await writeFile(path.join(folder, 'index'), '')
    await writeFile(path.join(folder, 'serial'), '1000\n')
    await openssl('req', '-x509', ...key, '-keyout', 'root.key', '-out', 'root.pem', '-subj', '/CN=lab authority', '-days', '3')
    const pairs: Pair[] = []
    for (const [from, to] of validities) {
      await openssl('req', '-new', ...key, '-keyout', 'one.key', '-out', 'one.csr', '-subj', `/CN=${host}`)
      const dates = ['-startdate', dated(from), '-enddate', dated(to)]
      await openssl(
        'ca',
        '-batch',
        '-notext',
        '-config',
        'settings',
        '-keyfile',
        'root.key',
        '-cert',
        'root.pem',
        '-in',
        'one.csr',
        '-out',
        'one.pem',
        ...dates,
      )
      pairs.push({ certificate: await file('one.pem'), key: await file('one.key') })
    }
    return { root: await file('root.pem'), pairs }
  } finally {
    await rm(folder, { recursive: true })
  }
}
