/** Words that entries use. */

export const severities = ['sev1', 'sev2', 'sev3', 'sev4'] as const
export type Severity = (typeof severities)[number]

/** Moments that somebody names, or a remedy that did not help. */
export const marks = ['onset', 'acknowledged', 'mitigated', 'recovered', 'did-not-help'] as const
export type Mark = (typeof marks)[number]
