import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { UsageError } from '../../errors.ts'

/** A certificate with its key, as PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/**
 * Reads a certificate and its key, and checks that they belong together.
 * @throws UsageError that names the file.
 */
export function readCertificate(certificateFile: string, keyFile: string): Certificate | undefined {
  if (certificateFile === '') return undefined
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      throw new UsageError(
        `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`,
        'give --tls-certificate and --tls-key files that this user may read',
      )
    }
  }
  const certificate = { cert: read(certificateFile), key: read(keyFile) }
  try {
    createSecureContext(certificate)
  } catch (error) {
    throw new UsageError(
      `${certificateFile} and ${keyFile} cannot be used together: ${(error as Error).message}`,
      'both have to be PEM, and the key the one of the certificate',
    )
  }
  return certificate
}
