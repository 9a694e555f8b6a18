/** Every case, by the family of causes that names it. */
import type { Case } from '../case.ts'
import { cases as attacks } from './attacks.ts'
import { cases as cache } from './cache.ts'
import { cases as dependencies } from './dependencies.ts'
import { cases as drift } from './drift.ts'
import { cases as edge } from './edge.ts'
import { cases as image } from './image.ts'
import { cases as load } from './load.ts'
import { cases as logging } from './logging.ts'
import { cases as missing } from './missing.ts'
import { cases as placement } from './placement.ts'
import { cases as policies } from './policies.ts'
import { cases as probes } from './probes.ts'
import { cases as refused } from './refused.ts'
import { cases as release } from './release.ts'
import { cases as resources } from './resources.ts'
import { cases as routing } from './routing.ts'
import { cases as scale } from './scale.ts'
import { cases as sight } from './sight.ts'
import { cases as slo } from './slo.ts'
import { cases as start } from './start.ts'
import { cases as streams } from './streams.ts'

export const families: Readonly<Record<string, readonly Case[]>> = {
  resources,
  release,
  load,
  dependencies,
  image,
  missing,
  placement,
  policies,
  probes,
  refused,
  routing,
  scale,
  sight,
  attacks,
  cache,
  drift,
  edge,
  logging,
  slo,
  streams,
  start,
}
