/** Results of any of the suites in one shape. Pure. */
import { cures } from './cures.ts'
import type { Result } from './once.ts'

export interface Run {
  suite: 'our own service' | 'nginx before a service that is not ours' | 'drills'
  row: string
  fault: string
  seed: number
  expected: string
  found: string
  healthy: boolean
  cause: boolean
  right: boolean
  /** Undefined where it was not judged: no cause was expected, the cause was wrong, or it has no single cure. */
  remedy: boolean | undefined
  /** What letting the tool cure it came to; undefined where that was not tried. */
  cure:
    | { back: boolean; right: boolean /** Of the whole command, where that was measured. */; seconds: number | undefined; said: string }
    | undefined
  harm: readonly string[]
  leaked: boolean
  seconds: number
  /** Why the question was never asked: then nothing else counts. A question that got no answer counts as wrong. */
  broke: string | undefined
}

/** As the drills write it; a row without `verdict` and `causes` is one that broke. `expected` is null for a healthy service. */
interface Drill {
  fault: string
  seed: number
  runbook: string
  expected: string | null
  right?: boolean
  object?: boolean
  causes?: [code: string, kind: string, name: string][]
  verdict?: string | null
  seconds?: number
  harm?: string[]
  leak?: boolean
  /** `seconds` until the service was back, null where it did not come back. */
  fix?: { right: boolean; seconds: number | null; exit: number; said: string } | null
  broke?: string
}

/** The runs in the text of a results file. Throws for one that is neither of the two shapes. */
export function readRuns(text: string, file: string): Run[] {
  const value: unknown = JSON.parse(text)
  if (Array.isArray(value)) return (value as Drill[]).map(ofDrill)
  const { results } = value as { results?: Result[] }
  if (!Array.isArray(results)) throw new Error(`${file} has no results`)
  // Runs that only injected were not asked anything.
  return results.filter((result) => result.judgement !== undefined || result.broke !== undefined).map(ofResult)
}

function ofResult({ fault, row, seed, expected, judgement, cure, diagnoseSeconds, broke }: Result): Run {
  const other = row.startsWith('other: ')
  return {
    suite: other ? 'nginx before a service that is not ours' : 'our own service',
    row: row.replace('other: ', ''),
    fault,
    seed,
    expected: expected.join(' or '),
    found: judgement?.found ?? 'no answer',
    healthy: expected.includes('healthy'),
    cause: judgement?.cause ?? false,
    right: judgement?.right ?? false,
    remedy: judgement?.remedy?.right,
    cure: cure && {
      back: cure.back,
      right: cure.back && cure.right,
      seconds: cure.seconds,
      said: `${cure.did}, exit ${cure.exitCode}: ${cure.said}`,
    },
    harm: judgement?.harm ?? [],
    leaked: judgement?.leaked ?? false,
    seconds: diagnoseSeconds,
    broke: judgement === undefined ? broke : undefined,
  }
}

function ofDrill(drill: Drill): Run {
  const { fault, seed, runbook, right = false, object = false, causes = [], verdict, fix } = drill
  const expected = drill.expected ?? 'healthy'
  const [first] = causes
  return {
    suite: 'drills',
    row: expected === 'healthy' ? 'healthy' : runbook,
    fault,
    seed,
    expected,
    found: first === undefined ? (verdict ?? 'no answer') : `${first[0]} ${first[1]}/${first[2]}`,
    healthy: expected === 'healthy',
    cause: right,
    right: right && object,
    remedy: right && object && expected in cures ? fix?.right : undefined,
    cure: fix
      ? {
          back: fix.seconds !== null,
          right: fix.seconds !== null && fix.right,
          seconds: undefined,
          said: `exit ${fix.exit}: ${fix.said}`,
        }
      : undefined,
    harm: drill.harm ?? [],
    leaked: drill.leak ?? false,
    seconds: drill.seconds ?? 0,
    broke: drill.broke,
  }
}
