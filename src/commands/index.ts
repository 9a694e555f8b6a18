/** The table of commands. One entry per file in entries/, which import nothing heavy; the order here is the order in help. */

import { dbEntries } from './db.entry.ts'
import { alertEntries, silenceEntries } from './entries/alerts.ts'
import { approve } from './entries/approve.ts'
import { blockAdd, blockList, blockRemove } from './entries/block.ts'
import { captureEntries } from './entries/capture.ts'
import { completion } from './entries/completion.ts'
import { config } from './entries/config.ts'
import { configRestore } from './entries/config-restore.ts'
import { diagnose } from './entries/diagnose.ts'
import { doctor } from './entries/doctor.ts'
import { contacts, escalate, escalateStatus } from './entries/escalate.ts'
import { fix } from './entries/fix.ts'
import { incidentEntries } from './entries/incident.ts'
import { limit } from './entries/limit.ts'
import { lookEntries } from './entries/looks.ts'
import { pod } from './entries/pod.ts'
import { policy } from './entries/policy.ts'
import { resources } from './entries/resources.ts'
import { restart } from './entries/restart.ts'
import { resume } from './entries/resume.ts'
import { rollback } from './entries/rollback.ts'
import { runbookLint, runbookList, runbookRun, runbookShow } from './entries/runbook.ts'
import { scale } from './entries/scale.ts'
import { service } from './entries/service.ts'
import { sloEntries } from './entries/slo-budget.ts'
import { smoke } from './entries/smoke.ts'
import { status } from './entries/status.ts'
import { undo } from './entries/undo.ts'
import type { CommandEntry } from './entry.ts'
import { serveEntry } from './serve.entry.ts'

export const commands: readonly CommandEntry[] = [
  diagnose,
  status,
  doctor,
  ...captureEntries,
  ...alertEntries,
  ...lookEntries,
  smoke,
  fix,
  restart,
  scale,
  rollback,
  resume,
  resources,
  service,
  policy,
  configRestore,
  pod,
  approve,
  blockAdd,
  blockList,
  blockRemove,
  limit,
  undo,
  ...silenceEntries,
  ...sloEntries,
  ...incidentEntries,
  runbookRun,
  escalate,
  escalateStatus,
  contacts,
  runbookList,
  runbookShow,
  runbookLint,
  serveEntry,
  ...dbEntries,
  config,
  completion,
]
