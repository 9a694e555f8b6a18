/** Programs that do not start: their image, command, settings and probes. */
import { cannotRun, type KnownCauses, moreFail, notRunning, restartedAlready, restartFails, rollBack } from './words.ts'

export const start: KnownCauses = {
  image_not_found: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier revision names an image that nodes can pull'),
      { action: 'manual', why: 'push the image, or correct its name' },
    ],
    never: [restartFails, moreFail],
    owner: 'release',
  },
  image_pull_auth: {
    folds: cannotRun,
    cures: [{ action: 'manual', why: 'restore the pull secret; pods pull again by themselves' }],
    never: [{ action: 'rollback', why: 'the earlier image needs the same credentials' }, restartFails],
    owner: 'platform',
  },
  image_arch_mismatch: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier image runs on these nodes'),
      { action: 'manual', why: 'build the image for the nodes, or select nodes that fit it' },
    ],
    never: [restartFails],
    owner: 'release',
  },
  bad_command: {
    folds: cannotRun,
    cures: [rollBack('the earlier revision has a command that starts'), { action: 'manual', why: 'correct the command' }],
    never: [restartFails, moreFail],
    owner: 'release',
  },
  security_context: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier revision could run as it stated'),
      { action: 'manual', why: 'name a user in the securityContext that the image can run as' },
    ],
    never: [restartFails, moreFail],
    owner: 'release',
  },
  missing_env: {
    folds: cannotRun,
    cures: [rollBack('the earlier revision sets the variable'), { action: 'manual', why: 'set the variable in the template' }],
    never: [restartFails, moreFail],
    owner: 'release',
  },
  missing_secret: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier revision does not need the Secret'),
      { action: 'manual', why: 'its owner puts the Secret back from where it is kept; the kubelet then starts the waiting pods by itself' },
    ],
    never: [restartFails, moreFail],
    owner: 'service',
  },
  missing_configmap: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier revision does not need the ConfigMap'),
      { action: 'manual', why: 'its owner applies the ConfigMap again; the kubelet then starts the waiting pods by itself' },
    ],
    never: [restartFails, moreFail],
    owner: 'service',
  },
  missing_config_key: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier revision does not need the key'),
      { action: 'config', why: 'restore the key; the kubelet starts the waiting pods by itself' },
      { action: 'manual', why: 'its owner puts the key back from where it is kept; the kubelet then starts the waiting pods by itself' },
    ],
    never: [restartFails, moreFail],
    owner: 'service',
  },
  crash_on_start: {
    folds: notRunning,
    cures: [
      rollBack('the earlier revision started'),
      { action: 'capture', why: 'keep the last words of the crash before anything replaces the pods' },
    ],
    never: [restartFails, moreFail],
    owner: 'service',
  },
  init_dependency_hang: {
    folds: notRunning,
    cures: [rollBack('the earlier revision did not wait for it'), { action: 'manual', why: 'bring up what the init container waits for' }],
    never: [{ action: 'restart', why: 'the new pods wait just as long' }, moreFail],
    owner: 'service',
  },
  liveness_misconfig: {
    folds: ['crash_on_start', 'bad_release', 'rollout_stuck', 'single_bad_pod', 'memory_limit_low'],
    cures: [
      rollBack('the earlier revision has a probe that the program answers'),
      { action: 'manual', why: 'let the probe ask the right port and path' },
    ],
    never: [restartedAlready, { action: 'resources', why: 'nothing was short; the probe asks the wrong thing' }],
    owner: 'release',
  },
  liveness_too_aggressive: {
    folds: ['crash_on_start', 'bad_release', 'rollout_stuck', 'single_bad_pod', 'readiness_misconfig'],
    cures: [
      rollBack('the earlier probe gave the program time'),
      { action: 'manual', why: 'add a startup probe, or give the liveness probe more time' },
    ],
    never: [restartedAlready],
    owner: 'release',
  },
  readiness_misconfig: {
    folds: ['bad_release', 'rollout_stuck', 'rollout_strategy'],
    cures: [
      rollBack('the earlier revision has a probe that the program answers'),
      { action: 'manual', why: 'let the probe ask the right port and path' },
    ],
    never: [{ action: 'restart', why: 'new pods are asked the same wrong question' }, moreFail],
    owner: 'release',
  },
}
