import type { BundleSummary } from './capture-summary.ts'
export const capturePage = (_: BundleSummary): string => ''
