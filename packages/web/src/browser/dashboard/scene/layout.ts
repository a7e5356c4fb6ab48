import {
  LocalValueVariable,
  MultiValueVariable,
  SceneGridItem,
  SceneGridLayout,
  SceneGridRow,
  sceneGraph,
  SceneVariableSet,
  type SceneGridItemLike,
  type SceneObject,
} from '@grafana/scenes'
import type { PanelModel } from '../model.ts'
import { placePanels, type PlacedPanel, type PlacedRow, type RepeatValue } from '../repeats.ts'
import { buildPanel } from './panel.tsx'

/** All panels on the grid; laid out anew when a variable that panels or rows are repeated for changes. */
export function buildLayout(panels: readonly PanelModel[]): SceneGridLayout {
  const layout = new SceneGridLayout({ isLazy: true, children: gridChildren(panels, () => []) })
  const repeated = new Set(
    panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).flatMap(({ repeat }) => repeat ?? []),
  )
  if (repeated.size > 0) layout.addActivationHandler(() => followVariables(layout, panels, repeated))
  return layout
}

function followVariables(
  layout: SceneGridLayout,
  panels: readonly PanelModel[],
  names: ReadonlySet<string>,
): () => void {
  let shown = ''
  const update = (): void => {
    const valuesOf = (name: string): readonly RepeatValue[] => repeatValues(layout, name)
    const wanted = JSON.stringify([...names].map(valuesOf))
    if (wanted === shown) return
    shown = wanted
    layout.setState({ children: gridChildren(panels, valuesOf) })
  }
  update()
  const subscriptions = [...names].flatMap((name) => {
    const variable = sceneGraph.lookupVariable(name, layout)
    return variable ? [variable.subscribeToState(update)] : []
  })
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe()
  }
}

/** The chosen values of a variable; all of its options when "All" is chosen. */
function repeatValues(scope: SceneObject, name: string): RepeatValue[] {
  const variable = sceneGraph.lookupVariable(name, scope)
  if (!(variable instanceof MultiValueVariable)) return []
  const { value, text, options } = variable.state
  const all = options as readonly { value: unknown; label: string }[]
  if (variable.hasAllValue()) return all.map((option) => ({ value: String(option.value), text: option.label }))
  const values = [value].flat().map(String)
  const texts = [text].flat().map(String)
  return values.filter((item) => item !== '').map((item, index) => ({ value: item, text: texts[index] ?? item }))
}

function gridChildren(
  panels: readonly PanelModel[],
  valuesOf: (name: string) => readonly RepeatValue[],
): SceneGridItemLike[] {
  return placePanels(panels, valuesOf).flatMap((placed): SceneGridItemLike[] =>
    placed.row ? [buildRow(placed)] : placed.panels.map(buildItem),
  )
}

function buildRow({ row, key, y, scope, panels }: PlacedRow): SceneGridRow {
  return new SceneGridRow({
    key,
    title: row?.title ?? '',
    isCollapsed: row?.collapsed === true,
    y,
    children: panels.map(buildItem),
    ...scopedVariables(scope),
  })
}

function buildItem({ panel, gridPos, key, scope }: PlacedPanel): SceneGridItem {
  return new SceneGridItem({
    key: `grid-item-${key}`,
    x: gridPos.x,
    y: gridPos.y,
    width: gridPos.w,
    height: gridPos.h,
    body: buildPanel(panel, key),
    ...scopedVariables(scope),
  })
}

function scopedVariables(scope: PlacedPanel['scope']): { $variables?: SceneVariableSet } {
  if (scope.length === 0) return {}
  const variables = scope.map(
    ({ name, value }) => new LocalValueVariable({ name, value: value.value, text: value.text }),
  )
  return { $variables: new SceneVariableSet({ variables }) }
}
