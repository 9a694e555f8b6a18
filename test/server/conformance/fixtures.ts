import type { Offer } from '../../../src/server/mcp/definition.ts'
import { legacyFixtures } from './legacy-fixtures.ts'

/** Everything that the suite wants to find, for both eras. */
export const fixtures: Offer = legacyFixtures
