/** Lines that runbooks are fond of and that do nothing, never end, or do harm. Each says what to write instead. */

interface Harmful {
  line: RegExp
  why: string
}

export const harmfulLines: readonly Harmful[] = [
  {
    line: /\bkubectl\b.*\blogs\b.*\s(-f|--follow)\b/,
    why: 'following a log never ends; bound it with --since and --tail, over all pods with -l',
  },
  {
    line: /\bkubectl\b.*\blogs\b.*\b(deployment|deploy|statefulset|sts|daemonset|ds)\//,
    why: 'this reads one pod of several; select all with -l SELECTOR --all-containers --prefix',
  },
  { line: /--inspect(-brk)?(=|\s)+0\.0\.0\.0/, why: 'this opens a debugger, which runs any code, to the pod network' },
  {
    line: /\bkubectl\b.*\bexec\b.*\bnode\s+--(inspect|heap-prof|cpu-prof|prof)\b/,
    why: 'this profiles a second, empty process; use the profile endpoints of the running one',
  },
  {
    line: /\bkubectl\b.*\bexec\b.*--\s+(curl|wget|netstat|ss|top|nslookup|dig|bash|\/bin\/bash|ps)\b/,
    why: 'slim images lack this program; ask through the API server, or use kubectl debug',
  },
  { line: /\/api\/v1\/alerts\b.*|alertmanager.*\/api\/v1\//, why: 'Alertmanager dropped version 1 of its API in 0.27; use /api/v2' },
  { line: /\bkubectl\b.*\bannotate\b.*\bfirewall\b/, why: 'no network plugin reads this annotation; write a NetworkPolicy' },
  {
    line: /\bkubectl\b.*\bpatch\b.*"containers"\s*:\s*\[\s*\{\s*"name"/,
    why: 'with a wrong container name this adds a container; use kubectl set resources -c, with --dry-run=server first',
  },
]
