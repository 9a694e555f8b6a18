/** Writes deploy/grafana from the panels of src/slo/dashboards.ts: `node scripts/dashboards.ts`. */
import { writeFileSync } from 'node:fs'
import { type Dashboard, dashboards, incidentsExpression, versionsExpression } from '../src/slo/dashboards.ts'

const source = { type: 'prometheus', uid: '$datasource' }

/** The dashboard as Grafana reads it. */
export function grafana({ name, runbook, panels }: Dashboard): object {
  return {
    uid: `task-mcp-${name.toLowerCase()}`,
    title: `Task MCP ${name}`,
    tags: ['task-mcp'],
    schemaVersion: 39,
    editable: false,
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    links: [
      { title: `Runbook: ${runbook}`, type: 'link', url: `runbooks/${runbook}.md` },
      { title: 'Task MCP', type: 'dashboards', tags: ['task-mcp'], keepTime: true, includeVars: true },
    ],
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' },
        {
          name: 'job',
          type: 'query',
          datasource: source,
          query: 'label_values(health_check_status, job)',
          refresh: 2,
          current: { text: 'task-mcp-http', value: 'task-mcp-http' },
          label: 'Service',
        },
      ],
    },
    annotations: {
      list: [
        {
          name: 'Deploys',
          enable: true,
          iconColor: 'blue',
          datasource: source,
          expr: `${versionsExpression} unless ${versionsExpression.replace('})', '} offset 5m)')}`,
          titleFormat: '{{version}} {{revision}}',
        },
        {
          name: 'Incidents',
          enable: true,
          iconColor: 'red',
          datasource: source,
          expr: incidentsExpression,
          titleFormat: '{{alertname}}',
        },
      ],
    },
    panels: panels.map(({ title, description, unit, queries }, index) => ({
      id: index + 1,
      type: 'timeseries',
      title,
      description,
      datasource: source,
      gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 8, w: 12, h: 8 },
      fieldConfig: { defaults: { unit, custom: { spanNulls: false } }, overrides: [] },
      targets: queries.map(([legendFormat, expr], target) => ({
        refId: String.fromCharCode(65 + target),
        datasource: source,
        expr,
        legendFormat,
      })),
    })),
  }
}

/** The content of every file, by name. */
export function dashboardFiles(): Record<string, string> {
  return Object.fromEntries(dashboards.map((one) => [`${one.name.toLowerCase()}.json`, `${JSON.stringify(grafana(one), null, 2)}\n`]))
}

if (import.meta.main)
  for (const [name, content] of Object.entries(dashboardFiles()))
    writeFileSync(new URL(`../deploy/grafana/${name}`, import.meta.url), content)
