import type { ComponentView } from '../graph/index.ts'
import { escapeHtml, page } from './page.ts'

const BOX = { width: 250, height: 46 }
const GAP = { x: 70, y: 18 }
const MARGIN = 20

interface Placed {
  readonly view: ComponentView
  readonly x: number
  readonly y: number
}

/** The graph from left to right along the data: what refers to another component sends to it, or reads its targets. */
export function graphPage(components: readonly ComponentView[]): string {
  const placed = place(components)
  const right = Math.max(0, ...placed.map(({ x }) => x)) + BOX.width + MARGIN
  const bottom = Math.max(0, ...placed.map(({ y }) => y)) + BOX.height + MARGIN
  const byId = new Map(placed.map((item) => [item.view.id, item]))
  const edges = placed.flatMap((from) =>
    from.view.referencesTo.flatMap((id) => {
      const to = byId.get(id)
      return to ? [edge(from, to)] : []
    }),
  )
  const drawing = `<svg width="${right}" height="${bottom}" role="img" aria-label="Component graph">${edges.join('')}${placed.map(box).join('')}</svg>`
  const body = `<h1>Graph</h1><p class="sub">Each line joins a component with one that it refers to.</p><div class="card">${
    components.length > 0 ? drawing : '<div class="empty">The configuration has no components.</div>'
  }</div>`
  return page({ title: 'Graph', current: '/graph', body })
}

/** Columns by the longest way of references that leads to a component, so that lines mostly run to the right. */
function place(components: readonly ComponentView[]): Placed[] {
  const column = new Map<string, number>()
  const byId = new Map(components.map((view) => [view.id, view]))
  const columnOf = (view: ComponentView): number => {
    const known = column.get(view.id)
    if (known !== undefined) return known
    column.set(view.id, 0)
    const before = view.referencedBy.map((id) => byId.get(id)).filter((other) => other !== undefined)
    const result = before.length === 0 ? 0 : Math.max(...before.map(columnOf)) + 1
    column.set(view.id, result)
    return result
  }
  const used: number[] = []
  return components.toReversed().map((view) => {
    const x = columnOf(view)
    const y = (used[x] = (used[x] ?? -1) + 1)
    return { view, x: MARGIN + x * (BOX.width + GAP.x), y: MARGIN + y * (BOX.height + GAP.y) }
  })
}

function edge(from: Placed, to: Placed): string {
  const startX = from.x + BOX.width
  const startY = from.y + BOX.height / 2
  const endY = to.y + BOX.height / 2
  const bend = (to.x - startX) / 2
  return `<path d="M${startX} ${startY}C${startX + bend} ${startY} ${to.x - bend} ${endY} ${to.x} ${endY}"/>`
}

function box({ view, x, y }: Placed): string {
  const href = `/component/${encodeURIComponent(view.id)}`
  return `<a href="${href}"><title>${escapeHtml(view.id)}: ${escapeHtml(view.health.message)}</title><rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6"/>
<circle class="${view.health.state}" cx="${x + 16}" cy="${y + BOX.height / 2}" r="5" fill="currentColor"/>
<text x="${x + 32}" y="${y + 20}">${escapeHtml(view.label || view.name)}</text><text class="kind" x="${x + 32}" y="${y + 36}">${escapeHtml(view.name)}</text></a>`
}
