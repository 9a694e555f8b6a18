/** Pods that no node takes, and nodes that cannot hold what they took. */
import { type KnownCauses, moreFail, notRunning, notTheRelease, placesAreLost, rollBack } from './words.ts'

export const placement: KnownCauses = {
  unschedulable_resources: {
    folds: notRunning,
    cures: [
      rollBack('the earlier revision asked for what a node has'),
      { action: 'resources', why: 'ask for what a node has free' },
      { action: 'manual', why: 'add a node' },
    ],
    never: [placesAreLost, { action: 'scale', why: 'more pods need more of what is short' }],
    owner: 'platform',
  },
  unschedulable_selector: {
    folds: notRunning,
    cures: [rollBack('the earlier revision fits the nodes'), { action: 'manual', why: 'label a node, or correct the selector' }],
    never: [placesAreLost, moreFail],
    owner: 'release',
  },
  unschedulable_antiaffinity: {
    folds: notRunning,
    cures: [
      rollBack('the earlier revision could be spread over the nodes'),
      { action: 'manual', why: 'make the rule a preference, or add a node' },
    ],
    never: [placesAreLost, moreFail],
    owner: 'release',
  },
  unschedulable_taint: {
    folds: notRunning,
    cures: [rollBack('the earlier revision tolerated the taint'), { action: 'manual', why: 'take the taint away, or tolerate it' }],
    never: [placesAreLost, moreFail],
    owner: 'platform',
  },
  node_cordoned: {
    folds: [...notRunning, 'pdb_blocks'],
    cures: [{ action: 'manual', why: 'kubectl uncordon the node, when whoever cordoned it agrees' }],
    never: [placesAreLost, notTheRelease],
    owner: 'platform',
  },
  node_not_ready: {
    folds: [...notRunning, 'crash_on_start', 'dependency_down', 'unschedulable_resources', 'telemetry_gap', 'unschedulable_taint'],
    cures: [{ action: 'escalate', why: 'the node itself has to come back; its pods move by themselves after five minutes' }],
    never: [notTheRelease],
    owner: 'infrastructure',
  },
  node_pressure: {
    folds: [...notRunning, 'crash_on_start', 'ephemeral_storage'],
    cures: [{ action: 'escalate', why: 'whoever fills the node has to be found' }],
    never: [notTheRelease, { action: 'restart', why: 'the new pods land on the same node' }],
    owner: 'infrastructure',
  },
  port_conflict: {
    folds: notRunning,
    cures: [rollBack('the earlier revision did not take a host port'), { action: 'manual', why: 'use a Service instead of a host port' }],
    never: [moreFail],
    owner: 'release',
  },
  pvc_pending: {
    folds: notRunning,
    cures: [
      rollBack('the earlier revision does not need the volume'),
      { action: 'manual', why: 'give the claim a StorageClass that exists, or a volume' },
    ],
    never: [{ action: 'restart', why: 'new pods wait for the same volume' }, moreFail],
    owner: 'platform',
  },
  preempted: {
    folds: [...notRunning, 'unschedulable_resources'],
    cures: [{ action: 'manual', why: 'give the service a PriorityClass, or add a node' }],
    never: [placesAreLost],
    owner: 'platform',
  },
}
