/** What a busy namespace has and is no fault of ours: judged by nobody, seen by everybody. */
import { harden, workload } from './clients.ts'
import type { Any } from './kubectl.ts'
import type { World } from './world.ts'

const job = (name: string, image: string, script: string): Any => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: {
    backoffLimit: 0,
    template: {
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        containers: [harden({ name: 'run', image, command: ['sh', '-c', script] })],
      },
    },
  },
})

/** Objects drawn from the world's seed: unused settings, finished jobs, a neighbour that logs handled errors, an idle one. */
export function noiseOf(world: World): Any[] {
  const { random, images } = world
  const talk = `while :; do echo "ERROR upstream timed out, attempt 1 of 3"; echo "INFO retry succeeded"; sleep ${random.int(3, 9)}; done`
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `experiments-${random.text(4)}` }, data: { enabled: 'false', ratio: '0.5' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: `legacy-${random.text(4)}` }, stringData: { value: world.secret() } },
    job(`import-${random.int(100, 999)}`, images.database, 'echo "ERROR row 17 skipped: duplicate key"; echo "done, 1 skipped"'),
    job(`report-${random.int(100, 999)}`, images.database, 'echo ok'),
    workload(`mailer-${random.text(3)}`, 1, { name: 'mailer', image: images.database, command: ['sh', '-c', talk] }),
    workload(`archive-${random.text(3)}`, random.pick([0, 1]), { name: 'archive', image: images.database, command: ['sleep', 'infinity'] }),
  ]
}
