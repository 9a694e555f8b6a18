import { describe, expect, test } from 'vitest'
import { healthy } from '../../support/snapshot.ts'
import { codesOf, subjectText, verdictOf } from './case.ts'
import { families } from './cases/index.ts'

for (const [family, cases] of Object.entries(families)) {
  describe(family, () => {
    test.each(cases.map((c) => [c.code, c.what, c] as const))('%s: %s', (_code, _what, { code, subject, remedy, fault, runbook }) => {
      const verdict = verdictOf(healthy(...fault), runbook)
      const [first] = verdict.causes
      expect(codesOf(verdict)[0]).toBe(code)
      expect([subjectText(first!), first!.remedies[0]?.action]).toEqual([subject, remedy])
      expect(first!.evidence.length).toBeGreaterThan(0)
      expect(['faulty', 'degraded', 'inconclusive']).toContain(verdict.verdict)
      for (const cause of verdict.causes) {
        const harmful = new Set(cause.never.map((n) => n.action))
        expect(cause.remedies.filter((r) => harmful.has(r.action))).toEqual([])
      }
    })

    test.each(cases.map((c) => [c.code, c.what, c] as const))('without its deciding fact it is not %s: %s', (code, _what, c) => {
      const verdict = verdictOf(healthy(...c.fault, ...c.without), c.runbook)
      expect(codesOf(verdict)).not.toContain(code)
      if (c.instead) expect(codesOf(verdict)[0] ?? 'none').toBe(c.instead)
    })
  })
}
