import {
  behaviors,
  dataLayers,
  SceneDataLayerControls,
  SceneDataLayerSet,
  SceneRefreshPicker,
  SceneTimePicker,
  SceneTimeRange,
  SceneVariableSet,
  VariableValueSelectors,
  type SceneDataLayerProvider,
} from '@grafana/scenes'
import type { AnnotationQuery } from '@grafana/data'
import type { AnnotationModel, DashboardModel } from '../model.ts'
import { DashboardScene } from './dashboard-scene.tsx'
import { buildLayout } from './layout.ts'
import { buildVariable } from './variables.ts'

const defaultIntervals = ['5s', '10s', '30s', '1m', '5m', '15m', '30m', '1h', '2h', '1d']

/** The dashboard as a running scene; it starts to query when it is shown. */
export function buildDashboard(model: DashboardModel): DashboardScene {
  const { time, timepicker } = model
  const refresh = typeof model.refresh === 'string' ? model.refresh : ''
  return new DashboardScene({
    title: model.title,
    uid: model.uid,
    links: model.links,
    model,
    $timeRange: new SceneTimeRange({
      from: time?.from ?? 'now-6h',
      to: time?.to ?? 'now',
      ...(model.timezone ? { timeZone: model.timezone } : {}),
      ...(model.fiscalYearStartMonth ? { fiscalYearStartMonth: model.fiscalYearStartMonth } : {}),
      ...(timepicker?.nowDelay ? { UNSAFE_nowDelay: timepicker.nowDelay } : {}),
    }),
    $variables: new SceneVariableSet({
      variables: model.templating.list.flatMap((variable) => buildVariable(variable) ?? []),
    }),
    $behaviors: [new behaviors.CursorSync({ sync: model.graphTooltip ?? 0 })],
    $data: annotationLayers(model.annotations.list),
    variableControls: [
      new VariableValueSelectors({}),
      ...(hasShownAnnotations(model) ? [new SceneDataLayerControls()] : []),
    ],
    timeControls: [
      new SceneTimePicker({}),
      new SceneRefreshPicker({ refresh, intervals: timepicker?.refresh_intervals ?? defaultIntervals }),
    ],
    body: buildLayout(model.panels),
  })
}

function hasShownAnnotations(model: DashboardModel): boolean {
  return model.annotations.list.some(({ builtIn, hide }) => !builtIn && hide !== true)
}

/** All layers share one switch; a single one gives it its name. */
function annotationLayers(annotations: readonly AnnotationModel[]): SceneDataLayerSet {
  const layers = annotations.flatMap(annotationLayer)
  const shown = layers.filter(({ state }) => state.isHidden !== true)
  const name = shown.length === 1 ? (shown[0]?.state.name ?? '') : 'Annotations'
  return new SceneDataLayerSet({ name, layers, isHidden: shown.length === 0 })
}

/** The built-in layer shows annotations that people made in Grafana; there are none here yet. */
function annotationLayer(annotation: AnnotationModel, index: number): SceneDataLayerProvider[] {
  if (annotation.builtIn) return []
  return [
    new dataLayers.AnnotationsDataLayer({
      key: `annotations-${index}`,
      name: annotation.name,
      query: annotation as unknown as AnnotationQuery,
      isEnabled: annotation.enable !== false,
      isHidden: annotation.hide === true,
    }),
  ]
}
