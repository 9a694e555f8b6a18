import type { Fault } from '../fault.ts'
import { blind } from './blind.ts'
import { cpuFaults } from './cpu.ts'
import { errorFaults } from './errors.ts'
import { healthy } from './healthy.ts'
import { herrings } from './herrings.ts'
import { memoryFaults } from './memory.ts'
import { placement } from './placement.ts'
import { quiet } from './quiet.ts'
import { routing } from './routing.ts'
import { securityFaults, securityHealthy } from './security.ts'
import { severalFaults } from './several.ts'
import { sloFaults, sloHealthy } from './slo.ts'
import { slowFaults } from './slow.ts'
import { start } from './start.ts'
import { streamFaults, streamHealthy } from './streams.ts'
import { trust } from './trust.ts'

/** Every run of the suite. */
export const faults: readonly Fault[] = [
  ...start,
  ...placement,
  ...routing,
  ...errorFaults,
  ...trust,
  ...slowFaults,
  ...memoryFaults,
  ...cpuFaults,
  ...streamFaults,
  ...securityFaults,
  ...sloFaults,
  ...severalFaults,
  ...healthy,
  ...quiet,
  ...streamHealthy,
  ...securityHealthy,
  ...sloHealthy,
  ...herrings,
  ...blind,
]
