import type { GridPosition, PanelModel } from './model.ts'

const gridColumns = 24

export interface RepeatValue {
  readonly value: string
  readonly text: string
}

/** A panel at its place, with the value of the variable that it is repeated for. */
export interface PlacedPanel {
  readonly panel: PanelModel
  readonly gridPos: GridPosition
  /** Differs among copies of one panel. */
  readonly key: string
  readonly scope: readonly { readonly name: string; readonly value: RepeatValue }[]
}

export interface PlacedRow {
  readonly row: PanelModel | undefined
  readonly key: string
  readonly y: number
  readonly scope: PlacedPanel['scope']
  readonly panels: readonly PlacedPanel[]
}

type ValuesOf = (variable: string) => readonly RepeatValue[]

/**
 * Takes a dashboard's panels to rows (the first without a heading) and makes the copies that `repeat` asks for: rows
 * below each other, panels side by side or below each other. What follows moves down.
 */
export function placePanels(panels: readonly PanelModel[], valuesOf: ValuesOf): PlacedRow[] {
  const rows: PlacedRow[] = []
  let shift = 0
  for (const { row, members } of groupByRow(panels)) {
    const values = row?.repeat === undefined ? [undefined] : nonEmpty(valuesOf(row.repeat))
    const rowY = row?.gridPos.y ?? 0
    const height = heightOf(members, rowY) + (row ? 1 : 0)
    for (const [copy, value] of values.entries()) {
      const scope = value && row?.repeat ? [{ name: row.repeat, value }] : []
      const suffix = copy === 0 ? '' : `-row-${copy}`
      const placed = placeMembers(members, { valuesOf, scope, suffix, shift })
      rows.push({
        row,
        key: row ? `row-${row.id}${suffix}` : 'row-top',
        y: rowY + shift,
        scope,
        panels: placed.panels,
      })
      const isFolded = row?.collapsed === true
      if (!isFolded) shift += placed.grown
      if (copy < values.length - 1) shift += isFolded ? 1 : height
    }
  }
  return rows
}

function groupByRow(panels: readonly PanelModel[]): { row: PanelModel | undefined; members: PanelModel[] }[] {
  const groups: { row: PanelModel | undefined; members: PanelModel[] }[] = [{ row: undefined, members: [] }]
  const sorted = panels.toSorted((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x)
  for (const panel of sorted) {
    if (panel.type === 'row') groups.push({ row: panel, members: [...(panel.panels ?? [])] })
    else groups.at(-1)?.members.push(panel)
  }
  return groups.filter(({ row, members }) => row !== undefined || members.length > 0)
}

function placeMembers(
  members: readonly PanelModel[],
  context: { valuesOf: ValuesOf; scope: PlacedPanel['scope']; suffix: string; shift: number },
): { panels: PlacedPanel[]; grown: number } {
  const placed: PlacedPanel[] = []
  let grown = 0
  for (const panel of members) {
    const origin = { ...panel.gridPos, y: panel.gridPos.y + context.shift + grown }
    const key = `panel-${panel.id}${context.suffix}`
    if (panel.repeat === undefined) {
      placed.push({ panel, gridPos: origin, key, scope: context.scope })
      continue
    }
    const values = nonEmpty(context.valuesOf(panel.repeat))
    const positions = copyPositions(panel, origin, values.length)
    for (const [copy, value] of values.entries()) {
      const scope = value ? [...context.scope, { name: panel.repeat, value }] : context.scope
      const gridPos = positions[copy] ?? origin
      placed.push({ panel, gridPos, key: copy === 0 ? key : `${key}-clone-${copy}`, scope })
    }
    const bottom = Math.max(...positions.map(({ y, h }) => y + h))
    grown += bottom - (origin.y + origin.h)
  }
  return { panels: placed, grown }
}

function copyPositions(panel: PanelModel, origin: GridPosition, count: number): GridPosition[] {
  const { h } = origin
  if (panel.repeatDirection === 'v') {
    return Array.from({ length: count }, (_, copy) => ({ ...origin, y: origin.y + copy * h }))
  }
  const perRow = Math.max(1, Math.min(count, panel.maxPerRow ?? 4))
  const w = Math.floor(gridColumns / perRow)
  return Array.from({ length: count }, (_, copy) => ({
    x: (copy % perRow) * w,
    y: origin.y + Math.floor(copy / perRow) * h,
    w,
    h,
  }))
}

function heightOf(members: readonly PanelModel[], rowY: number): number {
  return Math.max(0, ...members.map(({ gridPos }) => gridPos.y + gridPos.h - rowY - 1))
}

/** A variable without values still shows the panel once. */
function nonEmpty(values: readonly RepeatValue[]): readonly (RepeatValue | undefined)[] {
  return values.length === 0 ? [undefined] : values
}
