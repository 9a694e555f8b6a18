/** Engineers at different machines, who share a record or do not. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Context } from '../../src/context.ts'
import { UnreachableError } from '../../src/errors.ts'
import { aDatabase } from '../server/stores.ts'
import { FakeCluster } from '../support/fake-cluster.ts'
import { aWorld, cli, type World, type WorldOptions } from '../support/world.ts'

const folder = path.resolve(import.meta.dirname, '../../runbooks')

/** The shipped runbooks, for worlds that need their levels. */
export const runbooks = Object.fromEntries(
  readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .map((file) => [path.join(folder, file), readFileSync(path.join(folder, file), 'utf8')]),
)

export interface Machine {
  world: World
  type: ReturnType<typeof cli>
  /** Cuts this machine off from the shared record, or connects it again. */
  network: { up: boolean }
}

export interface Team {
  cluster: FakeCluster
  machine(user: string, options?: WorldOptions): Machine
}

/** A team that shares its record so; in PostgreSQL in a database of its own, which is gone after the test. */
export async function aTeam(shared: 'none' | 'configmap' | 'postgresql', now = Date.parse('2026-11-23T03:12:00Z')): Promise<Team> {
  const cluster = new FakeCluster()
  cluster.now = now
  const url = shared === 'postgresql' ? await aDatabase() : ''
  return {
    cluster,
    machine(user, options = {}) {
      const network = { up: true }
      const lost = async () => {
        if (!network.up) throw new UnreachableError('the API server https://lab.example:6443 cannot be reached')
        return cluster
      }
      const targets = (settings: Parameters<Context['targets']>[0]) => ({
        ...options.targets?.(settings),
        cluster: lost,
        writer: lost,
      })
      const world = aWorld({
        now,
        ...options,
        env: { USER: user, TASK_MCP_NAMESPACE: 'shop', TASK_MCP_WORKLOAD: 'tasks', ...options.env },
        files: {
          '/project/task-mcp.yaml': `incident: { shared: ${shared}${shared === 'postgresql' ? ', databaseUrlFile: /project/url' : ''} }\n`,
          '/project/url': url,
          ...runbooks,
          ...options.files,
        },
        targets: targets as unknown as Context['targets'],
      })
      const root = world.files
      const reads = async (file: string) => {
        if (file === '/project/url' && !network.up) return url.replace(/:\d+\//, ':1/')
        return root.read(file)
      }
      const context: World = { ...world, files: { ...root, read: reads } }
      return { world: context, type: cli(context), network }
    },
  }
}
