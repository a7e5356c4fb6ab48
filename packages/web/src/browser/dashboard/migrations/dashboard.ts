import type { AnnotationModel, DashboardLinkModel, DashboardModel, VariableModel } from '../model.ts'
import { number, record, records, text, type Json } from './json.ts'
import { dataSourceReference, migratePanel } from './panel.ts'
import { rowsToPanels } from './rows.ts'

/** A dashboard of any age as today's Grafana would store it. Nothing is thrown away that is still understood. */
export function migrateDashboard(stored: Json): DashboardModel {
  const dashboard = resolveInputs(stored)
  const panels = Array.isArray(dashboard['rows'])
    ? rowsToPanels(records(dashboard['rows']))
    : records(dashboard['panels'])
  const templating = records(record(dashboard['templating'])['list'])
  const annotations = records(record(dashboard['annotations'])['list'])
  return {
    ...(dashboard as unknown as DashboardModel),
    uid: text(dashboard['uid']) ?? '',
    title: text(dashboard['title']) ?? 'Untitled',
    templating: { list: templating.map(migrateVariable) },
    annotations: { list: annotations.map(migrateAnnotation) },
    links: records(dashboard['links']) as unknown as DashboardLinkModel[],
    panels: panels.map((panel, index) => migratePanel(panel, 1000 + index)),
  }
}

function migrateVariable(variable: Json): VariableModel {
  const datasource = dataSourceReference(variable['datasource'])
  const { datasource: _, ...rest } = variable
  const query = variable['type'] === 'query' ? (variable['query'] ?? variable['definition']) : variable['query']
  const hide = number(variable['hide']) ?? (variable['hideVariable'] === true ? 2 : 0)
  return { ...(rest as unknown as VariableModel), hide, query, ...(datasource ? { datasource } : {}) }
}

function migrateAnnotation(annotation: Json): AnnotationModel {
  const datasource = dataSourceReference(annotation['datasource'])
  const { datasource: _, ...rest } = annotation
  return { ...(rest as unknown as AnnotationModel), ...(datasource ? { datasource } : {}) }
}

/**
 * Dashboards exported for sharing name what they need as `${DS_…}`. Until someone chooses, each stands for the default
 * data source of its type; constants carry their value.
 */
function resolveInputs(dashboard: Json): Json {
  const inputs = records(dashboard['__inputs'])
  if (inputs.length === 0) return dashboard
  let json = JSON.stringify(dashboard)
  for (const { name, type, value } of inputs) {
    const replacement = type === 'constant' ? String(value ?? '') : ''
    json = json.replaceAll(`\${${String(name)}}`, () => JSON.stringify(replacement).slice(1, -1))
  }
  return JSON.parse(json) as Json
}
