/** Incoming webhooks as Slack has them; Mattermost, Rocket.Chat and others take the same. */
import { UsageError } from '../errors.ts'
import type { ChannelSettings } from '../settings.ts'
import { hidden, type NotifyDeps, secret } from './notify.ts'
import { deliver, taken } from './notify-deliver.ts'
import type { Notice, Notifier } from './ports.ts'

/** A notifier for the webhook whose address the channel's secret holds. It has no dedup key and no acknowledgement. */
export function slack(channel: ChannelSettings, { env, fetch }: NotifyDeps): Notifier {
  const address = async (): Promise<URL> => {
    const url = URL.parse(await secret(channel.secret!, env))
    if (url === null || !/^https?:$/.test(url.protocol))
      throw new UsageError('the webhook of a slack channel is no http or https URL', 'look into the file or variable that holds it')
    return url
  }
  return {
    kind: 'slack',
    where: 'a chat webhook',
    preview: async (notice) => `POST ${(await address()).origin}/${hidden}\ncontent-type: application/json\n\n${bodyOf(notice)}`,
    async send(notice, clock, signal) {
      const url = await address()
      const once = async (bounded: AbortSignal): Promise<string> => {
        const answer = await fetch(
          url.href,
          { method: 'POST', headers: { 'content-type': 'application/json' }, body: bodyOf(notice), limitBytes: 16_384 },
          bounded,
        )
        // Its complaints are a word or two of text: no_service, channel_is_archived.
        taken(answer, url.origin, (body) => (/^[\w .-]{1,80}$/.test(body.trim()) ? body.trim() : ''), clock.now())
        return 'posted'
      }
      return deliver(once, channel.timeoutSeconds, clock, signal)
    },
  }
}

const bodyOf = (notice: Notice): string =>
  JSON.stringify({ text: `*${escaped(notice.subject)}*\n${escaped(notice.text)}`, link_names: false, unfurl_links: false }, null, 2)

/** Slack's own three: what a log line says must not become a mention of everybody. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
