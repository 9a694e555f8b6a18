import { UsageError } from '../errors.ts'
import { type Certificate, readCertificate } from './http/certificate.ts'
import { readTokenFile, readTokens, type Tokens } from './http/tokens.ts'
import { settingTable } from './setting-table.ts'
import { keyOf, type Settings } from './settings.ts'
import { type Log, reasonOf } from './telemetry/log.ts'

/** What may change while the server runs. */
export interface Live {
  settings(): Settings
  tokens(): Tokens
  certificate(): Certificate | undefined
  /** Looks again at the token file and the settings. What cannot be used is logged, and what was in force stays. */
  reload(): Promise<void>
}

const hotKeys = settingTable.filter(({ hot }) => hot === true).map(({ name }) => keyOf(name) as keyof Settings)
const coldKeys = settingTable.filter(({ hot }) => hot !== true).map(({ name }) => keyOf(name) as keyof Settings)

/**
 * Takes the settings at the start and how to read them again (undefined where they cannot change). `told` hears of each change
 * after it.
 * @throws UsageError when the tokens cannot be read at the start.
 */
export function createLive(
  initial: Settings,
  again: (() => Promise<Settings>) | undefined,
  log: Log,
  told: { settings(settings: Settings): void; certificate(certificate: Certificate): void },
): Live {
  let settings = initial
  let file = readTokenFile(initial.tokenFile)
  let tokens = readTokens(initial.tokens, file)
  let certificate = readCertificate(initial.tlsCertificate, initial.tlsKey)
  let complaint = ''

  const complain = (message: string, fields: object): void => {
    const text = JSON.stringify([message, fields])
    if (text !== complaint) log.error(message, { ...fields })
    complaint = text
  }

  const reloadTokens = (): void => {
    const next = readTokenFile(settings.tokenFile)
    if (next?.text === file?.text) return
    tokens = readTokens(settings.tokens, next)
    file = next
    log.info('tokens were read again', { tokens: tokens.size })
  }

  const reloadCertificate = (): void => {
    const next = readCertificate(settings.tlsCertificate, settings.tlsKey)
    if (next === undefined || (next.cert === certificate?.cert && next.key === certificate.key)) return
    certificate = next
    told.certificate(next)
    log.info('the certificate was read again')
  }

  const reloadSettings = (next: Settings): void => {
    const differs = (key: keyof Settings): boolean => JSON.stringify(next[key]) !== JSON.stringify(settings[key])
    const hot = hotKeys.filter(differs)
    const cold = coldKeys.filter(differs)
    if (cold.length > 0) complain('settings changed that need a restart', { settings: cold })
    if (hot.length === 0) return
    settings = { ...settings, ...Object.fromEntries(hot.map((key) => [key, next[key]])) }
    told.settings(settings)
    log.info('settings were read again', { settings: hot })
  }

  return {
    settings: () => settings,
    tokens: () => tokens,
    certificate: () => certificate,
    reload: async () => {
      try {
        reloadTokens()
        reloadCertificate()
        if (again !== undefined) reloadSettings(await again())
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        complain('what was in force stays: the settings or tokens cannot be used', { reason: reasonOf(error) })
      }
    },
  }
}
