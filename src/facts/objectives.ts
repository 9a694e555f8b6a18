/** What is promised of a service, counted on its own series. Pure. */
import type { ServiceSettings } from '../settings.ts'
import { type Objective, taskMcpObjectives } from '../slo/objectives.ts'
import { podMatchers } from './queries.ts'

export const objectivesFor = (service: ServiceSettings): Objective[] =>
  taskMcpObjectives({
    service: service.workload,
    selector: podMatchers(service),
    exclude: service.metrics.exclude ?? '',
    metrics: { requests: service.metrics.requests, statusLabel: service.metrics.statusLabel, duration: service.metrics.duration },
  })
