import type { Point } from './layout.ts'

/** What part of the plane is seen: a point is drawn at `x * scale + shift`. */
export interface Viewport {
  readonly scale: number
  readonly shiftX: number
  readonly shiftY: number
}

export interface Box {
  readonly width: number
  readonly height: number
}

export const minScale = 0.15
export const maxScale = 3
/** Room around the middle of a node for its ring and texts. */
const margin = { x: 110, top: 70, bottom: 100 }

/** Shows all points, little larger than life. */
export function fit(points: Iterable<Point>, box: Box): Viewport {
  const all = [...points]
  if (all.length === 0) return { scale: 1, shiftX: box.width / 2, shiftY: box.height / 2 }
  const [left, right] = [Math.min(...all.map(({ x }) => x)) - margin.x, Math.max(...all.map(({ x }) => x)) + margin.x]
  const top = Math.min(...all.map(({ y }) => y)) - margin.top
  const bottom = Math.max(...all.map(({ y }) => y)) + margin.bottom
  const scale = clamp(Math.min(box.width / (right - left), box.height / (bottom - top), 1.35))
  return {
    scale,
    shiftX: box.width / 2 - ((left + right) / 2) * scale,
    shiftY: box.height / 2 - ((top + bottom) / 2) * scale,
  }
}

/** Zooms so that what is at this place of the box stays there. */
export function zoomAt(view: Viewport, place: Point, factor: number): Viewport {
  const scale = clamp(view.scale * factor)
  const ratio = scale / view.scale
  return {
    scale,
    shiftX: place.x - (place.x - view.shiftX) * ratio,
    shiftY: place.y - (place.y - view.shiftY) * ratio,
  }
}

export function pan(view: Viewport, dx: number, dy: number): Viewport {
  return { ...view, shiftX: view.shiftX + dx, shiftY: view.shiftY + dy }
}

function clamp(scale: number): number {
  return Math.max(minScale, Math.min(maxScale, scale))
}
