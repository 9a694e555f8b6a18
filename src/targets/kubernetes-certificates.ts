/** Certificates out of a Secret's values, and nothing else of them. */
import { X509Certificate } from 'node:crypto'
import type { Certificate } from './ports.ts'

const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/

/**
 * The first certificate of every key that holds one in PEM, as a server sends its own first.
 * @param data a Secret's `data`: base64 by key. Values without a certificate, and those that cannot be read as one, give nothing.
 */
export function certificatesIn(data: Readonly<Record<string, string>>): Certificate[] {
  return Object.entries(data).flatMap(([key, value]) => {
    const text = pem.exec(Buffer.from(value, 'base64').toString('latin1'))?.[0]
    if (text === undefined) return []
    try {
      const { subject, issuer, validFromDate, validToDate } = new X509Certificate(text)
      const line = (name: string): string => (name ?? '').split('\n').join(', ')
      return [
        { key, subject: line(subject), issuer: line(issuer), notBefore: validFromDate.toISOString(), notAfter: validToDate.toISOString() },
      ]
    } catch {
      return []
    }
  })
}
