/** E-mail by SMTP. The Message-ID is made from the dedup key, so that a mail sent twice is shown once by readers that look at it. */
import { createHash } from 'node:crypto'
import { UsageError } from '../errors.ts'
import type { ChannelSettings } from '../settings.ts'
import { abortError } from './http-request.ts'
import { type NotifyDeps, secret } from './notify.ts'
import { deliver, NotDelivered } from './notify-deliver.ts'
import type { Notice, Notifier } from './ports.ts'

const usualPort = { tls: 465, starttls: 587, none: 25 } as const

export function email(channel: ChannelSettings, { env }: Pick<NotifyDeps, 'env'>): Notifier {
  const port = channel.port ?? usualPort[channel.tls]
  const where = `${channel.host}:${port}`
  const transport = async () => {
    const { createTransport } = await import('nodemailer')
    const pass = channel.secret === undefined ? '' : await secret(channel.secret, env)
    return createTransport({
      host: channel.host!,
      port,
      secure: channel.tls === 'tls',
      requireTLS: channel.tls === 'starttls',
      ignoreTLS: channel.tls === 'none',
      ...(channel.username === undefined ? {} : { auth: { user: channel.username, pass } }),
      connectionTimeout: channel.timeoutSeconds * 1000,
      greetingTimeout: channel.timeoutSeconds * 1000,
      socketTimeout: channel.timeoutSeconds * 1000,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }
  return {
    kind: 'email',
    where,
    async preview(notice) {
      if (channel.secret !== undefined) await secret(channel.secret, env)
      const login = channel.username === undefined ? 'without a login' : `as ${channel.username}, password (hidden)`
      const { from, to, subject, messageId, text } = mailOf(notice, channel)
      return `SMTP ${where} (${channel.tls}), ${login}\nFrom: ${from}\nTo: ${to}\nSubject: ${subject}\nMessage-ID: ${messageId}\n\n${text}`
    },
    async send(notice, clock, signal) {
      const mail = mailOf(notice, channel)
      const once = async (bounded: AbortSignal): Promise<string> => {
        const mailer = await transport()
        let stop: () => void = () => {}
        const aborted = new Promise<never>((_, reject) => {
          stop = () => reject(abortError(bounded, where))
          bounded.addEventListener('abort', stop, { once: true })
        })
        try {
          await Promise.race([mailer.sendMail(mail), aborted])
          return 'the mail server took it'
        } catch (error) {
          throw smtpError(error, where)
        } finally {
          bounded.removeEventListener('abort', stop)
          mailer.close()
        }
      }
      return deliver(once, channel.timeoutSeconds, clock, signal)
    },
  }
}

/** UsageError where the person has no address. */
function mailOf(notice: Notice, channel: ChannelSettings) {
  const address = /[^\s<>,;:"()]+@[^\s<>,;:"()]+/.exec(notice.to.reach ?? '')?.[0]
  if (address === undefined)
    throw new UsageError(`${notice.to.name} has no e-mail address`, 'give one with reach in task-mcp.yaml, or another channel in by')
  const digest = createHash('sha256').update(`${notice.dedupKey} ${address}`).digest('hex').slice(0, 24)
  const domain = channel.from!.replace(/^.*@|>.*$/g, '') || 'task-mcp.invalid'
  return { from: channel.from!, to: address, subject: notice.subject, text: notice.text, messageId: `<${digest}@${domain}>` }
}

/** SMTP's own rule: 4xx is for now, 5xx is for good. What the server said may quote the login, so only its code and first words are kept. */
function smtpError(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const { code, responseCode, response } = error as Error & { code?: string; responseCode?: number; response?: string }
  if (code === 'EAUTH') return new NotDelivered(`${where} refused the login${responseCode ? ` (${responseCode})` : ''}`, false)
  if (code === 'ETLS') return new NotDelivered(`${where} offers no TLS that can be used`, false)
  if (responseCode !== undefined && responseCode >= 400)
    return new NotDelivered(`${where} answered ${(response ?? String(responseCode)).split('\n')[0]?.slice(0, 160)}`, responseCode < 500)
  if (code === 'EENVELOPE' || code === 'EMESSAGE') return new NotDelivered(`${where}: ${error.message}`, false)
  return new NotDelivered(`${where} did not take it: ${error.message.slice(0, 160)}`, true)
}
