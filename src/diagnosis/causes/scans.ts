/** Paths that nobody serves and somebody asks for, and secrets that a log gives away. */
import { type Claim, type Family, refuted, short, supported } from '../claim.ts'
import { type LogLine, logEvidence } from '../logs.ts'
import { missedPaths, sourcesOf } from '../sources.ts'
import { instant, logsOf, type View } from '../view.ts'

export const scans: Family = (view) => [...searched(view), ...toldSecrets(view)]

/** What a scanner asks of every server, whatever it serves. */
const wellKnown =
  /^\/(?:\.env|\.git|\.aws|\.ssh|\.svn|\.htaccess|\.DS_Store|wp-|wordpress|phpmyadmin|pma|phpinfo|xmlrpc\.php|cgi-bin|admin(?:$|\/|\.php)|manager\/html|actuator(?:$|\/)|solr|jenkins|server-status|config\.(?:php|json|ya?ml)|backup|shell|vendor\/phpunit|etc\/passwd|boaform|hudson|HNAP1|telescope|owa\/|ecp\/|autodiscover)|\.\.\/|%2e%2e/i

const fewestMisses = 40

const muchMissed = 0.2

const fewestPaths = 15

/** Requests for what is not there, of many kinds: somebody looks for a way in. */
function searched(view: View): Claim[] {
  const { routeLabel, statusLabel } = view.service.metrics
  const rows = (instant(view, 'errors_by_route') ?? []).map((s) => ({
    route: s.labels[routeLabel] ?? '',
    status: s.labels[statusLabel] ?? '',
    n: s.points.at(-1)?.[1] || 0,
  }))
  const all = rows.reduce((sum, r) => sum + r.n, 0)
  const missed = rows.filter((r) => /^40[045]$/.test(r.status))
  const misses = missed.reduce((sum, r) => sum + r.n, 0)
  const served = new Set(rows.filter((r) => /^2/.test(r.status) && r.n >= 1).map((r) => r.route))
  const nowhere = missed.filter((r) => !served.has(r.route)).reduce((sum, r) => sum + r.n, 0)
  const paths = missedPaths(view)
  const known = [...paths.keys()].filter((p) => wellKnown.test(p))
  const counted = misses >= fewestMisses && misses / all > muchMissed && nowhere > 0.8 * misses
  const named = known.length >= 3 && paths.size >= fewestPaths
  if (!named && !(counted && (known.length >= 1 || paths.size >= fewestPaths))) return []
  const top = sourcesTop(view)
  return [
    supported({
      code: 'recon_scan',
      subject: view.subject,
      confidence: named && counted ? 0.93 : named ? 0.88 : 0.75,
      summary: `somebody looks for what is not there: ${paths.size} paths that the service does not have${top ? `, most asked from ${top}` : ''}`,
      evidence: [
        {
          source: 'logs',
          asked: 'paths answered 400, 403, 404 or 405',
          observed: short([...known, ...[...paths.keys()].filter((p) => !known.includes(p))].slice(0, 5).join(', ')).concat(
            ` (${paths.size} different ones)`,
          ),
          expected: 'the same few',
        },
        ...(all > 0
          ? [
              {
                source: 'prometheus' as const,
                asked: 'answers 400, 404, 405 by route, 2 min',
                observed: `${Math.round(misses)} of ${Math.round(all)} requests, ${Math.round(nowhere)} of them on routes that answer nobody`,
              },
            ]
          : []),
      ],
      hints: top ? { source: top } : {},
    }),
    refuted('session_affinity', view.subject, 'what is not found are paths that the service does not have'),
  ]
}

/** The address behind most of what was not found, where the logs name one. */
function sourcesTop(view: View): string | undefined {
  const sources = sourcesOf(view).filter((s) => s.refused > 0)
  const all = sources.reduce((sum, s) => sum + s.refused, 0)
  return sources[0] && sources[0].refused > 0.6 * all ? sources[0].address : undefined
}

/** Lines that held a credential in full when they were read. */
function toldSecrets(view: View): Claim[] {
  const lines = logsOf(view).flatMap((log) =>
    log.lines.flatMap((line) =>
      line.secret
        ? [
            {
              kind: line.secret,
              line: { pod: log.pod, container: log.container, previous: log.previous, time: line.time, text: line.text } satisfies LogLine,
            },
          ]
        : [],
    ),
  )
  const first = lines[0]
  if (!first) return []
  const kinds = [...new Set(lines.map((l) => l.kind))]
  return [
    supported({
      code: 'secret_in_logs',
      subject: first.line.container === view.main?.name ? view.subject : { ...view.subject, container: first.line.container },
      since: first.line.time,
      confidence: 0.9,
      summary: `container ${first.line.container} writes secrets into its log (${kinds.join(', ')}): ${lines.length} of the lines that were read`,
      evidence: [
        logEvidence(
          lines.map((l) => l.line),
          'no credential',
        ),
      ],
    }),
  ]
}
