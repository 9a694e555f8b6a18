import { setFlagsFromString } from 'node:v8'

/**
 * Lets V8's space for new objects stay as small as it is at the start, instead of growing to 64 MB and more in bursts. What a server
 * keeps (sessions, streams) otherwise ends up on pages that it shares with what was garbage long ago: ten thousand idle streams took
 * twice the memory. Answering requests costs the same; `bench/server/call.ts` and `streams.ts` show both.
 */
export function keepYoungHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
