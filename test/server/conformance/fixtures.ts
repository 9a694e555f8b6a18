import type { Offer } from '../../../src/server/mcp/definition.ts'
import { legacyFixtures } from './legacy-fixtures.ts'
import { longFixtures } from './long-fixtures.ts'
import { modernFixtures } from './modern-fixtures.ts'

/** Everything that the suite wants to find, for both eras. */
export const fixtures: Offer = {
  tools: [...legacyFixtures.tools, ...modernFixtures.tools, ...longFixtures.tools],
  resources: [...legacyFixtures.resources, ...modernFixtures.resources],
  prompts: [...legacyFixtures.prompts, ...modernFixtures.prompts],
}
