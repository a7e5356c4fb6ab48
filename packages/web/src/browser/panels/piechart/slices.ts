export interface Slice {
  readonly index: number
  /** SVG path around the origin. */
  readonly path: string
  readonly part: number
}

/**
 * Slices of a pie or, with an inner radius, of a donut, clockwise from the top. Negative and missing values have none.
 */
export function slicesOf(
  values: readonly number[],
  radius: { readonly outer: number; readonly inner: number },
): Slice[] {
  const sizes = values.map((value) => (Number.isFinite(value) && value > 0 ? value : 0))
  const total = sizes.reduce((sum, value) => sum + value, 0)
  if (total === 0) return []
  let angle = -Math.PI / 2
  return sizes.flatMap((size, index) => {
    const part = size / total
    const from = angle
    angle += part * 2 * Math.PI
    return size === 0 ? [] : [{ index, part, path: slicePath(from, angle, radius) }]
  })
}

function slicePath(from: number, to: number, { outer, inner }: { outer: number; inner: number }): string {
  // A full circle has equal ends, which an SVG arc draws as nothing: leave a hair open.
  const end = Math.min(to, from + 2 * Math.PI - 1e-4)
  const isLarge = end - from > Math.PI ? 1 : 0
  const at = (angle: number, radius: number): string =>
    `${(radius * Math.cos(angle)).toFixed(3)} ${(radius * Math.sin(angle)).toFixed(3)}`
  const rim = `M ${at(from, outer)} A ${outer} ${outer} 0 ${isLarge} 1 ${at(end, outer)}`
  if (inner === 0) return `${rim} L 0 0 Z`
  return `${rim} L ${at(end, inner)} A ${inner} ${inner} 0 ${isLarge} 0 ${at(from, inner)} Z`
}
