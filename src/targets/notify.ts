/** The ways to reach people, by the kind of their channel; each adapter is imported when it is first used. */
import { readFile } from 'node:fs/promises'
import { UsageError } from '../errors.ts'
import type { ChannelSettings, SecretPlace } from '../settings.ts'
import type { Notifier } from './ports.ts'
import type { Fetch } from './service.ts'

/** What an adapter is given beside its settings. */
export interface NotifyDeps {
  env: Readonly<Record<string, string | undefined>>
  fetch: Fetch
}

/** The adapter for a channel. Nothing is read or sent yet. */
export async function openNotifier(channel: ChannelSettings, deps: NotifyDeps): Promise<Notifier> {
  switch (channel.kind) {
    case 'slack':
      return (await import('./notify-slack.ts')).slack(channel, deps)
    case 'pagerduty':
      return (await import('./notify-pagerduty.ts')).pagerduty(channel, deps)
    case 'opsgenie':
      return (await import('./notify-opsgenie.ts')).opsgenie(channel, deps)
    case 'email':
      return (await import('./notify-email.ts')).email(channel, deps)
    case 'command':
      return (await import('./notify-command.ts')).command(channel)
  }
}

/** What stands in a preview for a secret. */
export const hidden = '(hidden)'

/** A secret from its file or variable, without the line end. UsageError when it is not there; its message has no part of it. */
export async function secret(place: SecretPlace, env: NotifyDeps['env']): Promise<string> {
  if ('env' in place) {
    const value = env[place.env]?.trim()
    if (!value) throw new UsageError(`the variable ${place.env} is not set`, 'set it, or name a file in task-mcp.yaml instead')
    return value
  }
  let value: string
  try {
    value = (await readFile(place.file, 'utf8')).trim()
  } catch (error) {
    throw new UsageError(`${place.file} cannot be read`, 'correct the path in task-mcp.yaml, or its permissions', { cause: error })
  }
  if (value === '') throw new UsageError(`${place.file} is empty`, 'put the secret into it')
  return value
}
