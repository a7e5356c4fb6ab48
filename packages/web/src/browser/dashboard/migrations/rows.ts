import { number, records, text, type Json } from './json.ts'

const gridColumns = 24
/** Old rows were 12 spans wide and as high as they said, in pixels; a grid row is 30 pixels and an 8 pixel gap. */
const spanColumns = gridColumns / 12
const gridRowPixels = 38

/** Before schema version 16 a dashboard was a list of rows; today panels lie on a grid. */
export function rowsToPanels(rows: readonly Json[]): Json[] {
  const panels: Json[] = []
  const hasTitles = rows.some(({ showTitle, collapse, repeat }) => showTitle === true || collapse === true || repeat)
  let top = 0
  let nextId = 1 + Math.max(0, ...rows.flatMap((row) => records(row['panels']).map(({ id }) => number(id) ?? 0)))
  for (const row of rows) {
    const rowHeight = gridHeight(row['height'])
    const isCollapsed = row['collapse'] === true
    const placed = placePanels(records(row['panels']), rowHeight, hasTitles ? top + 1 : top)
    if (hasTitles) {
      panels.push({
        id: nextId++,
        type: 'row',
        title: text(row['title']) ?? '',
        collapsed: isCollapsed,
        repeat: row['repeat'],
        gridPos: { x: 0, y: top, w: gridColumns, h: 1 },
        panels: isCollapsed ? placed.panels : [],
      })
    }
    if (!isCollapsed) panels.push(...placed.panels)
    top = hasTitles && isCollapsed ? top + 1 : placed.bottom
  }
  return panels
}

function placePanels(panels: readonly Json[], rowHeight: number, top: number): { panels: Json[]; bottom: number } {
  let x = 0
  let y = top
  const placed = panels.map((panel) => {
    const w = Math.min(gridColumns, Math.max(1, Math.floor((number(panel['span']) ?? 4) * spanColumns)))
    const h = panel['height'] === undefined ? rowHeight : gridHeight(panel['height'])
    if (x + w > gridColumns) {
      x = 0
      y += rowHeight
    }
    const gridPos = { x, y, w, h }
    x += w
    return { ...panel, gridPos }
  })
  return { panels: placed, bottom: panels.length === 0 ? top : y + rowHeight }
}

function gridHeight(height: unknown): number {
  const pixels = number(typeof height === 'string' ? height.replace('px', '') : height) ?? 250
  return Math.max(3, Math.ceil(pixels / gridRowPixels))
}
