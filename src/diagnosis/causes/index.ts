/** Every family of causes, in the order in which their claims are weighed. */
import type { Family } from '../claim.ts'
import { affinity } from './affinity.ts'
import { atLimit } from './at-limit.ts'
import { autoscaler } from './autoscaler.ts'
import { cache } from './cache.ts'
import { certificates } from './certificates.ts'
import { changedDependency } from './changed-dependency.ts'
import { cpu } from './cpu.ts'
import { credentials } from './credentials.ts'
import { dependencies } from './dependencies.ts'
import { disks } from './disks.ts'
import { drift } from './drift.ts'
import { edge } from './edge.ts'
import { entrance } from './entrance.ts'
import { heap } from './heap.ts'
import { image } from './image.ts'
import { init } from './init.ts'
import { inside } from './inside.ts'
import { leak } from './leak.ts'
import { liveness } from './liveness.ts'
import { load } from './load.ts'
import { logging } from './logging.ts'
import { logins } from './logins.ts'
import { memory } from './memory.ts'
import { missing } from './missing.ts'
import { mounts } from './mounts.ts'
import { movedPort } from './moved-port.ts'
import { mutation } from './mutation.ts'
import { nodes } from './nodes.ts'
import { onePod } from './one-pod.ts'
import { placement } from './placement.ts'
import { policies } from './policies.ts'
import { pool } from './pool.ts'
import { rateLimit } from './rate-limit.ts'
import { readiness } from './readiness.ts'
import { refused } from './refused.ts'
import { release } from './release.ts'
import { routing } from './routing.ts'
import { scale } from './scale.ts'
import { scans } from './scans.ts'
import { sight } from './sight.ts'
import { slo } from './slo.ts'
import { slowQueries } from './slow-queries.ts'
import { slowRelease } from './slow-release.ts'
import { start } from './start.ts'
import { streams } from './streams.ts'
import { stuck } from './stuck.ts'
import { unanswered } from './unanswered.ts'
import { upstreams } from './upstreams.ts'

export const families: readonly Family[] = [
  sight,
  scale,
  autoscaler,
  stuck,
  refused,
  mutation,
  placement,
  mounts,
  nodes,
  image,
  missing,
  start,
  init,
  readiness,
  liveness,
  movedPort,
  routing,
  entrance,
  certificates,
  policies,
  dependencies,
  pool,
  slowQueries,
  changedDependency,
  upstreams,
  inside,
  unanswered,
  memory,
  heap,
  leak,
  atLimit,
  cpu,
  disks,
  credentials,
  release,
  onePod,
  slowRelease,
  load,
  rateLimit,
  streams,
  affinity,
  edge,
  cache,
  logging,
  drift,
  logins,
  scans,
  slo,
]
