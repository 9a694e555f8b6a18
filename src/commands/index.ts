/** The table of commands. One entry per file in entries/, which import nothing heavy; the order here is the order in help. */

import { completion } from './entries/completion.ts'
import { config } from './entries/config.ts'
import { doctor } from './entries/doctor.ts'
import { runbookLint, runbookList, runbookShow } from './entries/runbook.ts'
import { smoke } from './entries/smoke.ts'
import { status } from './entries/status.ts'
import type { CommandEntry } from './entry.ts'

export const commands: readonly CommandEntry[] = [status, doctor, smoke, runbookList, runbookShow, runbookLint, config, completion]
