import type { FieldConfigSource } from '@grafana/data'
import {
  SceneDataTransformer,
  SceneQueryRunner,
  VizPanel,
  VizPanelMenu,
  type SceneDataProvider,
  type VizPanelState,
} from '@grafana/scenes'
import type { DataTransformerConfig } from '@grafana/schema'
import type { PanelModel } from '../model.ts'
import { panelMenuBehavior } from './panel-menu.ts'
import { PanelLinks } from './panel-links.tsx'
import { PanelTimeRange } from './panel-time-range.ts'

/** One panel of the dashboard's JSON as a scene object. */
export function buildPanel(model: PanelModel, key: string): VizPanel {
  const timeRange =
    model.timeFrom || model.timeShift
      ? new PanelTimeRange({ timeFrom: model.timeFrom, timeShift: model.timeShift })
      : undefined
  const data = buildData(model)
  const state: Partial<VizPanelState> = {
    key,
    title: model.title,
    pluginId: model.type,
    options: structuredClone(model.options) as object,
    fieldConfig: structuredClone(model.fieldConfig) as unknown as FieldConfigSource<object>,
    displayMode: model.transparent ? 'transparent' : 'default',
    // A panel without a title gives the room to its content.
    hoverHeader: model.title === '' && !timeRange,
    menu: new VizPanelMenu({ $behaviors: [panelMenuBehavior] }),
    ...(model.pluginVersion ? { pluginVersion: model.pluginVersion } : {}),
    ...(model.description ? { description: model.description } : {}),
    ...(timeRange ? { $timeRange: timeRange } : {}),
    ...(model.links.length > 0 ? { titleItems: [new PanelLinks({ links: model.links })] } : {}),
    ...(data ? { $data: data } : {}),
  }
  return new VizPanel(state)
}

function buildData(model: PanelModel): SceneDataProvider | undefined {
  if (model.targets.length === 0) return undefined
  const queries = new SceneQueryRunner({
    maxDataPointsFromWidth: true,
    queries: model.targets.map((target) => ({ ...target })),
    ...(model.datasource ? { datasource: model.datasource } : {}),
    ...(model.maxDataPoints ? { maxDataPoints: model.maxDataPoints } : {}),
    ...(model.interval ? { minInterval: model.interval } : {}),
  })
  if (model.transformations.length === 0) return queries
  return new SceneDataTransformer({
    $data: queries,
    transformations: structuredClone(model.transformations) as unknown as DataTransformerConfig[],
  })
}
