/** Causes that a question from inside a pod decides, where one was asked. */
import { type Claim, type Family, supported } from '../claim.ts'
import { suffering } from '../failures.ts'
import { answerAbout, answerWords, insideEvidence } from '../from-inside.ts'
import { endpointsOf } from '../view.ts'
import { isDown } from './dependencies.ts'

/** What only a question from inside can tell: a Service that refuses although endpoints stand behind it, and a host outside that is not to be reached. */
export const inside: Family = (view) => {
  const felt = suffering(view)
  if (!felt) return []
  return view.dependencies.flatMap((d): Claim[] => {
    const answer = answerAbout(view, d, 'port')
    if (!answer || answer.said === 'ok' || isDown(view, d)) return []
    const evidence = [insideEvidence(view, answer), felt]
    if (d.service && endpointsOf(d.slices).some((e) => e.ready) && answer.said === 'refused')
      return [
        supported({
          code: 'service_target_port',
          subject: { kind: 'Service', namespace: d.namespace, name: d.service.metadata.name },
          confidence: 0.9,
          summary: `Service ${d.service.metadata.name} has ready endpoints and refuses connections on port ${answer.port}: its target port is not one that they listen on`,
          evidence,
        }),
      ]
    if (!d.service && !d.workload)
      return [
        supported({
          code: 'external_dependency',
          subject: { kind: 'Dependency', name: d.name },
          confidence: 0.9,
          summary: `external dependency ${d.name}: ${answerWords(answer)}`,
          evidence,
        }),
      ]
    return []
  })
}
