/** Where the tool keeps what it must remember between two runs: the user's state directory. */
import { join } from 'node:path'
import type { Context } from './context.ts'

/** `task-mcp` in XDG_STATE_HOME, else in ~/.local/state. It may not exist yet. */
export const stateDirectory = ({ env, home }: Pick<Context, 'env' | 'home'>): string =>
  join(env.XDG_STATE_HOME || join(home, '.local', 'state'), 'task-mcp')

/** The file that is there while an incident is open on this machine; it names the incident. */
export const openIncidentFile = (context: Pick<Context, 'env' | 'home'>): string => join(stateDirectory(context), 'incident-open.json')

/** The last verdict that was given on this machine. */
export const lastVerdictFile = (context: Pick<Context, 'env' | 'home'>): string => join(stateDirectory(context), 'last-verdict.json')
