import type { Point } from './layout.ts'

export interface EdgePath {
  /** Of an SVG path, from ring to ring. */
  readonly path: string
  /** Where a label stands. */
  readonly middle: Point
}

/** Radius of a node's ring, and the gap that the arrow leaves. */
export const nodeRadius = 40
const gap = 7

/**
 * A gentle curve from ring to ring. Edges that have a counterpart in the other direction bend away from it, and one from a node
 * to itself is a loop above it.
 */
export function edgePath(
  from: Point,
  to: Point,
  options: { readonly isPaired: boolean; readonly isLoop: boolean },
): EdgePath {
  if (options.isLoop) return loop(from)
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const distance = Math.max(1, Math.hypot(dx, dy))
  const bend = options.isPaired ? 0.18 : 0.06
  // Perpendicular to the way, to its left.
  const control = {
    x: (from.x + to.x) / 2 + (dy / distance) * distance * bend,
    y: (from.y + to.y) / 2 - (dx / distance) * distance * bend,
  }
  const start = towards(from, control, nodeRadius + 2)
  const end = towards(to, control, nodeRadius + gap)
  return {
    path: `M${text(start)} Q${text(control)} ${text(end)}`,
    middle: {
      x: start.x / 4 + control.x / 2 + end.x / 4,
      // On a level edge a label would hide most of it: it stands above, or below where the edge bends down.
      y: start.y / 4 + control.y / 2 + end.y / 4 + (Math.abs(dy) < Math.abs(dx) / 4 ? Math.sign(-dx) * labelOffset : 0),
    },
  }
}

const labelOffset = 13

function loop({ x, y }: Point): EdgePath {
  const [start, end] = [
    { x: x - nodeRadius * 0.6, y: y - nodeRadius * 0.85 },
    { x: x + nodeRadius * 0.6, y: y - nodeRadius * 0.85 - 4 },
  ]
  const height = y - nodeRadius * 2.6
  return {
    path: `M${text(start)} C${text({ x: x - 55, y: height })} ${text({ x: x + 55, y: height })} ${text(end)}`,
    middle: { x, y: y - nodeRadius * 2.1 },
  }
}

function towards(from: Point, to: Point, by: number): Point {
  const distance = Math.max(1, Math.hypot(to.x - from.x, to.y - from.y))
  return { x: from.x + ((to.x - from.x) / distance) * by, y: from.y + ((to.y - from.y) / distance) * by }
}

function text({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`
}

/** Part of a ring as an SVG path, clockwise from the top. `from` and `share` are fractions of the whole. */
export function arcPath(from: number, share: number, radius: number): string {
  if (share >= 0.9999) {
    // A whole circle has no beginning and end that differ: two halves.
    return `M0,${-radius} A${radius},${radius} 0 1 1 0,${radius} A${radius},${radius} 0 1 1 0,${-radius}`
  }
  const at = (fraction: number): string => {
    const angle = 2 * Math.PI * fraction - Math.PI / 2
    return text({ x: radius * Math.cos(angle), y: radius * Math.sin(angle) })
  }
  return `M${at(from)} A${radius},${radius} 0 ${share > 0.5 ? 1 : 0} 1 ${at(from + share)}`
}
