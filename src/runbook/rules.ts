/** What a runbook needs to know of a Prometheus rule file. */
import { parse } from 'yaml'
import { UsageError } from '../errors.ts'

export interface Rules {
  /** Each alert with the name of the runbook that its `runbook_url` leads to. */
  alerts: { name: string; runbook: string | undefined }[]
  /** Names of recorded series. */
  records: string[]
}

interface RuleFile {
  groups?: { rules?: { alert?: string; record?: string; annotations?: { runbook_url?: string } }[] }[]
}

/** Takes the text of a rule file and its name for messages. Throws UsageError when it is no YAML. */
export function readRules(text: string, file: string): Rules {
  let parsed: RuleFile | null
  try {
    parsed = parse(text) as RuleFile | null
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message.split('\n')[0] : error}`, 'promtool check rules says more', {
      cause: error,
    })
  }
  const rules = (parsed?.groups ?? []).flatMap((group) => group.rules ?? [])
  return {
    alerts: rules.flatMap((rule) =>
      rule.alert ? [{ name: rule.alert, runbook: /([^/#?]+)\.md(?:[#?].*)?$/.exec(rule.annotations?.runbook_url ?? '')?.[1] }] : [],
    ),
    records: [...new Set(rules.flatMap((rule) => rule.record ?? []))],
  }
}
