/** The gauge opens downwards: it runs clockwise from lower left to lower right. Angles in radians, 0 points right. */
export const startAngle = Math.PI * 0.8
export const endAngle = Math.PI * 2.2

/** SVG path of an arc around a centre. */
export function arcPath(options: {
  readonly centerX: number
  readonly centerY: number
  readonly radius: number
  readonly from: number
  readonly to: number
}): string {
  const { centerX, centerY, radius, from, to } = options
  const at = (angle: number): string =>
    `${(centerX + radius * Math.cos(angle)).toFixed(2)} ${(centerY + radius * Math.sin(angle)).toFixed(2)}`
  return `M ${at(from)} A ${radius} ${radius} 0 ${to - from > Math.PI ? 1 : 0} 1 ${at(to)}`
}

/** @param part 0 to 1, cut off at both ends */
export function angleOf(part: number): number {
  return startAngle + (endAngle - startAngle) * Math.min(1, Math.max(0, Number.isFinite(part) ? part : 0))
}

/** The parts of the scale between thresholds, each with its colour. Steps are ascending, the first at −Infinity. */
export function thresholdBands(
  steps: readonly { readonly value: number; readonly color: string }[],
  scale: { readonly min: number; readonly max: number },
): { readonly from: number; readonly to: number; readonly color: string }[] {
  const width = scale.max - scale.min
  if (!(width > 0)) return []
  const partOf = (value: number): number => Math.min(1, Math.max(0, (value - scale.min) / width))
  return steps
    .map(({ value, color }, index) => ({
      from: partOf(value),
      to: partOf(steps[index + 1]?.value ?? scale.max),
      color,
    }))
    .filter(({ from, to }) => to > from)
}
