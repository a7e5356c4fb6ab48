import type { DataSourceReference, FieldConfigModel, GridPosition, PanelModel, TargetModel } from '../model.ts'
import { migrateGraph } from './graph.ts'
import { number, record, records, text, type Json } from './json.ts'
import type { MigratedPanel } from './migrated-panel.ts'
import { migrateSingleStat } from './singlestat.ts'
import { migrateOldTable } from './table-old.ts'

/** Panel types that Grafana removed, and what draws them now. */
const removedTypes: Readonly<Record<string, (panel: Json) => MigratedPanel>> = {
  graph: migrateGraph,
  singlestat: migrateSingleStat,
  'grafana-singlestat-panel': migrateSingleStat,
  'table-old': migrateOldTable,
}

/** Panel types that only have another name today; same options. */
const renamedTypes: Readonly<Record<string, string>> = {
  'grafana-piechart-panel': 'piechart',
  'grafana-worldmap-panel': 'geomap',
}

/** A panel of any age as today's Grafana would store it. */
export function migratePanel(panel: Json, fallbackId: number): PanelModel {
  const oldType = text(panel['type']) ?? 'text'
  const isOldTable = oldType === 'table' && Array.isArray(panel['styles'])
  const migrate = isOldTable ? migrateOldTable : removedTypes[oldType]
  const migrated = migrate?.(panel)
  const fieldConfig = record(panel['fieldConfig'])
  const transformations = records(panel['transformations'])
  const shared = {
    id: number(panel['id']) ?? fallbackId,
    type: migrated?.type ?? renamedTypes[oldType] ?? oldType,
    title: text(panel['title']) ?? '',
    gridPos: gridPosition(panel['gridPos']),
    targets: targetsOf(panel['targets']),
    options: migrated?.options ?? textOptions(oldType, panel) ?? record(panel['options']),
    fieldConfig: (migrated?.fieldConfig ?? {
      defaults: record(fieldConfig['defaults']),
      overrides: records(fieldConfig['overrides']),
    }) as FieldConfigModel,
    transformations: [
      ...transformations,
      ...(migrated?.transformations ?? []),
    ] as unknown as PanelModel['transformations'],
    links: records(panel['links']).map((link) => ({
      title: text(link['title']) ?? '',
      url: text(link['url']) ?? text(link['dashUri']) ?? '',
      targetBlank: link['targetBlank'] === true,
    })),
  }
  return { ...shared, ...optionalMembers(panel) }
}

function optionalMembers(panel: Json): Partial<PanelModel> {
  const datasource = dataSourceReference(panel['datasource'])
  const maxDataPoints = number(panel['maxDataPoints'])
  const maxPerRow = number(panel['maxPerRow'])
  const members: { -readonly [K in keyof PanelModel]?: PanelModel[K] } = {}
  if (datasource) members.datasource = datasource
  if (maxDataPoints) members.maxDataPoints = maxDataPoints
  if (maxPerRow) members.maxPerRow = maxPerRow
  for (const name of ['description', 'interval', 'timeFrom', 'timeShift', 'pluginVersion', 'repeat'] as const) {
    const value = text(panel[name])
    if (value !== undefined) members[name] = value
  }
  if (panel['transparent'] === true) members.transparent = true
  if (panel['hideTimeOverride'] === true) members.hideTimeOverride = true
  if (panel['repeatDirection'] === 'v' || panel['repeatDirection'] === 'h')
    members.repeatDirection = panel['repeatDirection']
  if (panel['type'] === 'row') {
    members.collapsed = panel['collapsed'] === true
    members.panels = records(panel['panels']).map((inner, index) => migratePanel(inner, 10_000 + index))
  }
  return members
}

/** Text panels kept their content beside the options before Grafana 6. */
function textOptions(type: string, panel: Json): Json | undefined {
  if (type !== 'text' || text(panel['content']) === undefined || record(panel['options'])['content'] !== undefined)
    return undefined
  return { mode: text(panel['mode']) ?? 'markdown', content: panel['content'] }
}

function targetsOf(value: unknown): TargetModel[] {
  return records(value).map((target, index) => {
    const { datasource: stored, ...rest } = target
    const datasource = dataSourceReference(stored)
    const refId = text(target['refId']) ?? String.fromCharCode(65 + (index % 26))
    return { ...rest, refId, ...(datasource ? { datasource } : {}) }
  })
}

/** Names and variables stood for data sources before Grafana 8.3; `null` means the default one. */
export function dataSourceReference(value: unknown): DataSourceReference | undefined {
  if (typeof value === 'string') return value === '' || value === 'default' ? undefined : { uid: value }
  const { uid, type } = record(value)
  if (typeof uid !== 'string' && typeof type !== 'string') return undefined
  return { ...(typeof uid === 'string' ? { uid } : {}), ...(typeof type === 'string' ? { type } : {}) }
}

function gridPosition(value: unknown): GridPosition {
  const { x, y, w, h } = record(value)
  // Generated dashboards give rows no size at all.
  return { x: number(x) ?? 0, y: number(y) ?? 0, w: number(w) || 12, h: number(h) || 8 }
}
