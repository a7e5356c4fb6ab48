import type { SceneObject, SceneObjectState, VizPanel } from '@grafana/scenes'
import type { DashboardLinkModel, DashboardModel } from '../model.ts'

export interface DashboardSceneState extends SceneObjectState {
  readonly title: string
  readonly uid: string
  readonly model: DashboardModel
  readonly links: readonly DashboardLinkModel[]
  readonly variableControls: SceneObject[]
  readonly timeControls: SceneObject[]
  readonly body: SceneObject
  /** Key of the one panel that fills the page. */
  readonly viewPanel?: string | undefined
  /** Key of the panel whose data is shown in the drawer. */
  readonly inspect?: string | undefined
  readonly inspectTab?: string | undefined
}

/** What the view needs of the scene. */
export interface ShownDashboard {
  useState(): DashboardSceneState
  findPanel(key: string | undefined): VizPanel | undefined
}
