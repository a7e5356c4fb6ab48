interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly values?: readonly (readonly [number, string])[]
  readonly value?: readonly [number, string]
}

/** How far two answers of the Prometheus API agree: `same` to the byte, `equal` but for the last digits, or what differs first. */
export function agreement(own: Buffer, other: Buffer): string {
  if (own.equals(other)) return 'same'
  const left = dataOf(own)
  const right = dataOf(other)
  if (JSON.stringify(left) === JSON.stringify(right)) return 'same'
  if (!Array.isArray(left) || !Array.isArray(right)) return 'differs'
  if (left.length !== right.length) return `${left.length} against ${right.length} series`
  const byKey = new Map(right.map((series) => [keyOf(series), series]))
  let worst = 0
  for (const series of left) {
    const twin = byKey.get(keyOf(series))
    if (!twin) return `no series ${keyOf(series)}`
    const distance = distanceOf(series, twin)
    if (distance === undefined) return `times differ in ${keyOf(series)}`
    worst = Math.max(worst, distance)
  }
  return worst === 0 ? 'same' : worst < 1e-12 ? 'equal' : `off by ${worst.toExponential(1)}`
}

function dataOf(body: Buffer): unknown {
  const { data } = JSON.parse(body.toString()) as { data: { result?: unknown } }
  return data.result ?? data
}

function keyOf(series: Series | string): string {
  if (typeof series === 'string') return series
  const metric = series.metric ?? series
  return JSON.stringify(Object.entries(metric).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function distanceOf(left: Series, right: Series): number | undefined {
  const a = left.values ?? (left.value ? [left.value] : [])
  const b = right.values ?? (right.value ? [right.value] : [])
  if (a.length !== b.length) return undefined
  let worst = 0
  for (const [index, [time, text]] of a.entries()) {
    if (time !== b[index][0]) return undefined
    if (text === b[index][1]) continue
    const x = Number(text)
    const y = Number(b[index][1])
    worst = Math.max(worst, Math.abs(x - y) / Math.max(Math.abs(x), Math.abs(y), Number.MIN_VALUE))
  }
  return worst
}
