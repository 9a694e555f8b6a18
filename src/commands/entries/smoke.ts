import type { CommandEntry } from '../entry.ts'
import { serviceOptions } from '../options.ts'

export const smoke: CommandEntry = {
  usage: 'smoke',
  summary: 'after a deploy, say whether it may stay (for CI)',
  group: 'look',
  about:
    'Waits for the rollout, walks the real MCP endpoint from end to end with a task of its own (initialize, create, read, complete, delete), then watches the new pods and compares their errors and latency with those of the old ones. One line says why.\n\nThe endpoint is reached through the API server unless --url is given. The API server keeps authorization headers for itself, so an endpoint that wants a token needs --url, and the token in the file of service.mcp.tokenFile.',
  options: [
    { flags: '--url <url>', summary: 'MCP endpoint to walk, instead of the Service through the API server' },
    { flags: '--for <duration>', summary: 'how long to watch the new pods (default 2m); 0 leaves it out', kind: 'duration' },
    { flags: '--wait <duration>', summary: 'how long to wait for the rollout (default 5m)', kind: 'duration' },
    { flags: '--junit <file>', summary: 'write a JUnit report there too', completes: 'file' },
    ...serviceOptions,
  ],
  examples: [
    { line: 'task-mcp smoke --for 2m --junit smoke.xml', about: 'in a pipeline, after kubectl apply' },
    { line: 'task-mcp smoke --url https://tasks.example/mcp --for 0', about: 'the endpoint alone, as users reach it' },
  ],
  exits: {
    0: 'rolled out, every step answered, no worse than before',
    3: 'not so: the first line says why',
    5: 'the rollout or the endpoint could not be judged',
  },
  load: () => import('../smoke.ts'),
}
