import {
  sceneGraph,
  SceneObjectBase,
  SceneObjectUrlSyncConfig,
  VizPanel,
  type SceneComponentProps,
  type SceneObjectUrlValues,
} from '@grafana/scenes'
import type { DashboardSceneState } from './dashboard-state.ts'
import { DashboardView } from './dashboard-view.tsx'

const urlKeys = ['viewPanel', 'inspect', 'inspectTab'] as const

/** A dashboard while it is shown. Which panel is viewed or inspected is part of its URL. */
export class DashboardScene extends SceneObjectBase<DashboardSceneState> {
  static Component = (props: SceneComponentProps<DashboardScene>) => <DashboardView {...props} />

  protected override _urlSync = new SceneObjectUrlSyncConfig(this, { keys: [...urlKeys] })

  constructor(state: DashboardSceneState) {
    super(state)
    // Also when a single panel is viewed: the layout makes the copies of repeated panels.
    this.addActivationHandler(() => state.body.activate())
  }

  getUrlState(): SceneObjectUrlValues {
    const { viewPanel, inspect, inspectTab } = this.state
    return { viewPanel: viewPanel ?? null, inspect: inspect ?? null, inspectTab: inspectTab ?? null }
  }

  updateFromUrl(values: SceneObjectUrlValues): void {
    const changed: Partial<Record<(typeof urlKeys)[number], string | undefined>> = {}
    for (const key of urlKeys) {
      const value = values[key]
      if (key in values) changed[key] = typeof value === 'string' ? value : undefined
    }
    this.setState(changed)
  }

  findPanel(key: string | undefined): VizPanel | undefined {
    if (key === undefined) return undefined
    // Grafana's links name panels by their number alone.
    const wanted = /^\d+$/.test(key) ? `panel-${key}` : key
    const found = sceneGraph.findObject(this, (object) => object instanceof VizPanel && object.state.key === wanted)
    return found instanceof VizPanel ? found : undefined
  }
}
