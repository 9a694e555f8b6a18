import type { CommandEntry } from '../entry.ts'
import { serviceOptions } from '../options.ts'

const capture: CommandEntry = {
  usage: 'capture [pod]',
  summary: 'keep what a pod knows (logs, profiles, metrics, objects) in one redacted bundle',
  group: 'look',
  about:
    'For the time before a restart, when what a process knows is about to be lost. Takes the logs of every container, now and before its last restart, profiles, metrics, objects and events, bounded in size and time; credentials are taken out; what could not be got is written down with why. Changes nothing. Without a pod it takes the one in most trouble.',
  words: { pod: { about: 'the pod, also as pod/NAME; the one in most trouble when not said', spelled: 'pod/NAME' } },
  options: [
    { flags: '--all', summary: 'every pod of the service (at most 50)' },
    { flags: '-o, --out <file>', summary: 'where to write; capture-NAME-TIME.tar.gz here when not said', completes: 'file' },
    { flags: '--profile <kinds>', summary: 'cpu, wall and heap with commas between, or none; all three when not said' },
    { flags: '--seconds <number>', summary: 'how long each profile samples; 10 when not said', kind: 'number' },
    {
      flags: '--heap-snapshot',
      summary: 'the whole memory too: stops the process for seconds, holds every secret, is asked about first',
    },
    { flags: '--max-size <size>', summary: 'all together, before it is packed; 200Mi when not said' },
    { flags: '--debug-port <port>', summary: 'port of the pod that has /debug/pprof/; found when not said', kind: 'integer' },
    { flags: '--debug-token-file <file>', summary: 'a token with the scope server:debug, where one is wanted', completes: 'file' },
    { flags: '-y, --yes', summary: 'do not ask about the heap snapshot' },
    ...serviceOptions,
  ],
  examples: [
    { line: 'task-mcp capture', about: 'the pod in most trouble, 10 s of each profile' },
    { line: 'task-mcp capture checkout-5d4f8-x2x4z -n shop --profile none', about: 'logs, metrics and objects of one pod, at once' },
    { line: 'task-mcp capture --heap-snapshot --max-size 1Gi', about: 'what fills the memory' },
    { line: 'task-mcp diagnose --from capture-checkout-20261123T031200Z.tar.gz', about: 'judge it later, or elsewhere' },
  ],
  exits: {
    0: 'written; what it lacks is said',
    5: 'nothing could be got from the pods, or they were not seen',
    7: 'the heap snapshot was declined',
  },
  load: () => import('../capture.ts'),
}

const captureShow: CommandEntry = {
  usage: 'capture show <bundle>',
  summary: 'check a bundle and say where time and memory go',
  group: 'look',
  about:
    'Compares every file with its checksum, then shows the hottest functions of the profiles, what keeps most of a heap alive, and what the logs say most. Asks no system anything.',
  words: { bundle: { about: 'a file that task-mcp capture wrote', completes: 'file' } },
  options: [{ flags: '--html <file>', summary: 'write one self-contained page with flame graphs', completes: 'file' }],
  examples: [
    { line: 'task-mcp capture show capture-checkout-20261123T031200Z.tar.gz', about: 'as text' },
    { line: 'task-mcp capture show bundle.tar.gz --html flames.html', about: 'to click through' },
  ],
  exits: { 0: 'whole, and shown', 2: 'no bundle, cut off, or changed after it was taken' },
  cluster: false,
  load: () => import('../capture-show.ts'),
}

export const captureEntries: readonly CommandEntry[] = [capture, captureShow]
