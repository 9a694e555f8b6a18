import type { CommandEntry } from '../entry.ts'
import { serviceOptions } from '../options.ts'

export const diagnose: CommandEntry = {
  usage: 'diagnose [runbook]',
  summary: 'find the root cause, prove it, and say what to do',
  group: 'look',
  about:
    'Reads the cluster, the metrics, the logs and the service itself at once, changes nothing (but for --ephemeral), and judges: the cause, the object that carries it, the proof, what else was considered, what must not be done, and the next command. Without a runbook the symptoms and alerts choose one.',
  words: { runbook: { about: 'service-downtime, high-error-rate, ...: task-mcp runbook list', completes: 'runbook' } },
  options: [
    { flags: '--record <file>', summary: 'save what was seen, redacted, to judge again later', completes: 'file' },
    {
      flags: '--from <file>',
      summary: 'judge a saved snapshot, or a bundle of capture; nothing is asked of any system',
      completes: 'file',
    },
    { flags: '--url <url>', summary: 'a service that runs without a cluster, at this address' },
    { flags: '--junit <file>', summary: 'write the steps as JUnit XML, for CI', completes: 'file' },
    { flags: '--html <file>', summary: 'write one self-contained page with charts', completes: 'file' },
    { flags: '--all', summary: 'walk every runbook with one look' },
    { flags: '--watch', summary: 'look again every 15 s until healthy or stopped' },
    { flags: '--guide', summary: 'walk the runbook step by step; each action is a choice (task-mcp runbook run)' },
    {
      flags: '--yes-to <actions>',
      summary: 'walk it unattended and do these actions where they are called for: restart,scale',
      repeat: true,
    },
    {
      flags: '--ephemeral <image>',
      summary: 'ask names and ports from inside a pod too, by a container of this image added to it; confirmed first',
    },
    { flags: '--yes', summary: 'with --ephemeral: add it without asking' },
    ...serviceOptions,
  ],
  examples: [
    { line: 'task-mcp diagnose high-error-rate', about: 'why requests fail' },
    { line: 'task-mcp diagnose service-downtime -n shop --workload checkout --json', about: 'another service, for a program' },
    { line: 'task-mcp diagnose --ephemeral busybox:1.37', about: 'what its pods can reach, asked from inside one of them' },
    { line: 'task-mcp diagnose --from incident.json', about: 'again, offline, to the same answer' },
  ],
  exits: {
    0: 'healthy',
    3: 'a cause was found',
    4: 'the service may not be looked at',
    5: 'inconclusive: symptoms without a cause, or too little was seen',
  },
  load: () => import('../diagnose.ts'),
}
