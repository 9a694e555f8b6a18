import type { CommandEntry, OptionEntry } from '../entry.ts'
import { serviceOptions } from '../options.ts'

const which: OptionEntry = { flags: '--incident <id>', summary: 'another incident than the one that is open here' }
const zone: OptionEntry = {
  flags: '--time-zone <name>',
  summary: 'show times in this zone; escalation.timeZone of task-mcp.yaml when not said',
}
const id = { '[id]': { about: 'an incident: task-mcp incident list; the open one when not said' } }
const severityWords = ['sev1', 'sev2', 'sev3', 'sev4']
const exits = { 0: 'done', 5: 'no incident is open, or its record is not there' } as const

export const incidentEntries: readonly CommandEntry[] = [
  {
    usage: 'incident start [title...]',
    summary: 'open an incident',
    group: 'incident',
    about:
      'By hand with a title, from an alert that fires, or from a diagnosis. From then on every command of the tool run on this machine joins its time line: who, what, when, result. The record is kept in the state directory; incident.shared in task-mcp.yaml lets others see it at once.',
    options: [
      {
        flags: '--severity <level>',
        summary: 'sev1 (nobody can work) to sev4 (nobody notices yet); by the alert or the diagnosis when not said',
        choices: severityWords,
      },
      { flags: '--alert <name>', summary: 'from this alert, which fires now: its beginning is the onset' },
      { flags: '--from-diagnosis [runbook]', summary: 'from a diagnosis with this runbook, or from the last verdict given here' },
      { flags: '--onset <time>', summary: 'when it began: RFC 3339, or 14m for 14 minutes ago' },
      ...serviceOptions,
    ],
    examples: [
      { line: 'task-mcp incident start "checkout answers 503" --severity sev1', about: 'by hand' },
      { line: 'task-mcp incident start --alert TaskMCPHighErrorRateFastBurn', about: 'from the page that woke you' },
      { line: 'task-mcp incident start --from-diagnosis', about: 'from what diagnose has just found' },
    ],
    exits: {
      0: 'open; or somebody had opened it already, and you have joined',
      2: 'one is open here already',
      5: 'the alert does not fire, or there is no verdict',
    },
    load: async () => ({ run: (await import('../incident-start.ts')).run }),
  },
  {
    usage: 'incident note <text...>',
    summary: 'write down what was seen or done',
    group: 'incident',
    options: [
      {
        flags: '--mark <moment>',
        summary: 'what the note is about: when it began, was taken up, no longer hurt, was over; or a cure that did not help',
        choices: ['onset', 'acknowledged', 'mitigated', 'recovered', 'did-not-help'],
      },
      { flags: '--at <time>', summary: 'when it was, if not now: RFC 3339, or 5m for 5 minutes ago' },
      {
        flags: '--fact <fact>',
        summary: 'a fact for the escalation clock: security_incident, or security_incident=no; may be given several times',
        repeat: true,
      },
      which,
      zone,
    ],
    examples: [
      { line: 'task-mcp incident note "customers in Asia are not affected"', about: 'for the time line' },
      {
        line: 'task-mcp incident note "traffic goes to the other region" --mark mitigated --at 3m',
        about: 'from when on users noticed nothing',
      },
      { line: 'task-mcp incident note "three systems fail" --fact several_systems_affected', about: 'for the clock' },
    ],
    exits,
    load: async () => ({ run: (await import('../incident-write.ts')).note }),
  },
  {
    usage: 'incident status [id]',
    summary: 'show where it stands, and who is to be called when',
    group: 'incident',
    about: 'The escalation clock runs from the onset: what is due, when, and why, from what diagnoses saw and people said.',
    words: id,
    options: [{ flags: '--ask', summary: 'ask what the clock cannot see, and record the answers' }, zone, ...serviceOptions],
    examples: [{ line: 'task-mcp incident status', about: 'also joins the incident that somebody else has opened for this service' }],
    exits,
    load: async () => ({ run: (await import('../incident-read.ts')).status }),
  },
  {
    usage: 'incident assign <who>',
    summary: 'say who leads, or has another role',
    group: 'incident',
    options: [
      {
        flags: '--role <role>',
        summary: 'lead when not said; comms, scribe, or a word of your own',
        completes: ['lead', 'comms', 'scribe'],
      },
      which,
    ],
    examples: [{ line: 'task-mcp incident assign kim', about: 'kim leads' }],
    exits,
    load: async () => ({ run: (await import('../incident-write.ts')).assign }),
  },
  {
    usage: 'incident severity <level>',
    summary: 'say how bad it is',
    group: 'incident',
    words: {
      '<level>': {
        about: 'sev1 (nobody can work), sev2 (many notice), sev3 (some notice), sev4 (nobody notices yet)',
        completes: severityWords,
      },
    },
    options: [{ flags: '--why <text>', summary: 'why it changes' }, which],
    examples: [{ line: 'task-mcp incident severity sev1 --why "writes are lost"', about: 'it is worse than it seemed' }],
    exits,
    load: async () => ({ run: (await import('../incident-write.ts')).severity }),
  },
  {
    usage: 'incident resolve [text...]',
    summary: 'say that it is over',
    group: 'incident',
    options: [which],
    examples: [{ line: 'task-mcp incident resolve "rolled back to 1.4.2"', about: 'its clock stops' }],
    exits,
    load: async () => ({ run: (await import('../incident-write.ts')).resolve }),
  },
  {
    usage: 'incident list',
    summary: 'list the incidents of this machine and of the shared record',
    group: 'incident',
    options: [{ flags: '--open', summary: 'only those that are not over' }, ...serviceOptions],
    examples: [{ line: 'task-mcp incident list', about: 'the newest first' }],
    load: async () => ({ run: (await import('../incident-read.ts')).list }),
  },
  {
    usage: 'incident show [id]',
    summary: 'show all that is known of one',
    group: 'incident',
    words: id,
    options: [zone, ...serviceOptions],
    examples: [{ line: 'task-mcp incident show --json', about: 'with every entry of its record' }],
    exits,
    load: async () => ({ run: (await import('../incident-read.ts')).show }),
  },
  {
    usage: 'incident timeline [id]',
    summary: 'show what happened, in order',
    group: 'incident',
    words: id,
    options: [zone, ...serviceOptions],
    examples: [{ line: 'task-mcp incident timeline --time-zone Europe/Vienna', about: 'with the times of your wall clock' }],
    exits,
    load: async () => ({ run: (await import('../incident-read.ts')).timeline }),
  },
  {
    usage: 'incident report [id]',
    summary: 'tell its story: times, harm, causes, what was done and whether it helped',
    group: 'incident',
    about:
      'From the time line, the run record and, where Prometheus answers, from the metrics of its time: requests and error budgets, with curves on the page. What cannot be measured is said.',
    words: id,
    options: [
      { flags: '--html <file>', summary: 'write one self-contained page with charts, too', completes: 'file' },
      { flags: '--markdown', summary: 'the whole of it as Markdown' },
      zone,
      ...serviceOptions,
    ],
    examples: [
      { line: 'task-mcp incident report', about: 'the open one, else the newest' },
      { line: 'task-mcp incident report --html report.html', about: 'for those who were not there' },
    ],
    exits,
    load: async () => ({ run: (await import('../incident-report.ts')).run }),
  },
  {
    usage: 'incident postmortem [id]',
    summary: 'write the post-mortem, and keep its action items as tasks',
    group: 'incident',
    about:
      'A blameless form with the sections and deadlines of the process after an incident (review 24 h, post-mortem 48 h, follow-up one week), filled in as far as the record goes. Action items are kept in the record and as tasks of the MCP server: the one of the service, or --url.',
    words: id,
    options: [
      { flags: '--add <text>', summary: 'add an action item, and keep it as a task' },
      { flags: '--owner <name>', summary: 'who does it' },
      { flags: '--due <time>', summary: 'by when: 2026-12-01, or 7d from now, which is meant when not said' },
      { flags: '--keep', summary: 'make tasks of the items that are none yet' },
      { flags: '--export <form>', summary: 'only the action items: csv, or issues to paste into a tracker', choices: ['csv', 'issues'] },
      { flags: '--url <url>', summary: 'the MCP endpoint that keeps the tasks; its token is in service.mcp.tokenFile' },
      zone,
      ...serviceOptions,
    ],
    examples: [
      { line: 'task-mcp incident postmortem > postmortem.md', about: 'to go on writing in' },
      { line: 'task-mcp incident postmortem --add "alert on missing replicas" --owner kim --due 2026-12-01', about: 'an action item' },
      { line: 'task-mcp incident postmortem --export csv', about: 'the items, for a spreadsheet' },
    ],
    exits: { 0: 'done', 5: 'an item is in the record, but could not be kept as a task; or there is no incident' },
    load: async () => ({ run: (await import('../incident-postmortem.ts')).run }),
  },
  {
    usage: 'incident drill [name]',
    summary: 'practise on a recorded fault',
    group: 'incident',
    about:
      'Shows what the page would say, lets you look at what the runbook looks at, name the cause and try cures, and keeps score: 100 points, less 20 for a wrong turn, 10 for a hint, 2 for every look after the third, 1 for every minute. Needs no cluster and opens no incident.',
    words: { '[name]': { about: 'a drill of --list' } },
    options: [
      { flags: '--list', summary: 'list the drills' },
      {
        flags: '--answer <move>',
        summary: 'a move instead of asking: check=STEP, cause=CODE, do=ACTION, hint, give-up; may be given several times',
        repeat: true,
      },
      { flags: '--from <file>', summary: 'practise on a recording of your own: task-mcp diagnose --record FILE', completes: 'file' },
    ],
    examples: [
      { line: 'task-mcp incident drill --list', about: 'what there is' },
      { line: 'task-mcp incident drill no-such-image', about: 'find out why nothing starts' },
      { line: 'task-mcp incident drill no-such-image --answer check=pods --answer cause=image_not_found', about: 'in a script' },
    ],
    exits: { 0: 'the cause was found', 3: 'it was not' },
    cluster: false,
    load: async () => ({ run: (await import('../incident-drill.ts')).run }),
  },
  {
    usage: 'incident sync [id]',
    summary: 'bring this machine and the shared record level',
    group: 'incident',
    about:
      'Every incident command does so by itself. What was written while the shared record could not be reached is sent, what others wrote is fetched; nothing is lost or doubled.',
    words: id,
    options: serviceOptions,
    examples: [{ line: 'task-mcp incident sync', about: 'when the network is back' }],
    exits: { 0: 'level, or not shared', 5: 'the shared record cannot be reached, or there is no incident' },
    load: async () => ({ run: (await import('../incident-read.ts')).sync }),
  },
]
