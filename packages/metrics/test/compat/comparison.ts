/** What one server answered to one query. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  /** The body as it came. */
  readonly text: string
}

interface Options {
  /** Floats may differ by 1e-12 of their size. */
  readonly isRounded: boolean
  readonly isDeviation: boolean
  /** Inner results have an order: an instant query without subqueries. */
  readonly isOrdered: boolean
  /** The result is in the order of its values. */
  readonly isSorted: boolean
}

const TOLERANCE = 1e-12

/**
 * Says where two answers differ, or nothing. What the versions differ in is left out by rule:
 * - 2.42 has no warnings and infos, and does not say `invalid parameter "query"` in front of a parse error
 * - which of several duplicates an error names depends on the order of series, which a range query does not have in 2.42
 * - the series of an instant vector come in no order (2.42 keeps them in a map), unless the query sorts them by value
 */
export function difference(expected: Answer, actual: Answer, options: Options): string | undefined {
  if (expected.status !== actual.status) {
    return `status ${expected.status}, but ${actual.status} ${JSON.stringify(actual.body).slice(0, 200)}`
  }
  const found = differenceAt('', normalised(expected.body, options), normalised(actual.body, options), options)
  if (found !== undefined || options.isRounded || !hasOrder(expected.body)) return found
  const text = actual.text.replace(/,"(?:warnings|infos)":\[.*\]\}$/, '}')
  return expected.text === text
    ? undefined
    : `other bytes: ${expected.text.slice(0, 200)}\n    but ${text.slice(0, 200)}`
}

/** Range queries are sorted by labels and scalars are alone, so that these have to agree to the byte. */
function hasOrder(body: unknown): boolean {
  return isRecord(body) && isRecord(body.data) && body.data.resultType !== 'vector'
}

function normalised(body: unknown, { isSorted, isOrdered }: Options): unknown {
  if (!isRecord(body)) return body
  const { warnings: _warnings, infos: _infos, ...rest } = body
  if (typeof rest.error === 'string') {
    rest.error = rest.error.replace(/^invalid parameter "query": /, '')
    if (!isOrdered)
      rest.error = String(rest.error)
        .replace(/match group .* on the/, '…')
        .replace(/\[.*\];/, '…;')
  }
  if (!isRecord(rest.data) || !Array.isArray(rest.data.result)) return rest
  const { resultType, result } = rest.data
  if (resultType !== 'vector') return rest
  const series = result as readonly { metric: Record<string, string>; value: unknown }[]
  // What has equal values may come in any order.
  const ordered = isSorted
    ? series.map(({ value }) => value)
    : [...series].sort((a, b) => (JSON.stringify(a.metric) < JSON.stringify(b.metric) ? -1 : 1))
  return { ...rest, data: { resultType, result: ordered } }
}

function differenceAt(path: string, expected: unknown, actual: unknown, options: Options): string | undefined {
  if (expected === actual) return undefined
  if (Array.isArray(expected) && Array.isArray(actual)) {
    for (let index = 0; index < Math.min(expected.length, actual.length); index++) {
      const found = differenceAt(`${path}[${index}]`, expected[index], actual[index], options)
      if (found !== undefined) return found
    }
    if (expected.length === actual.length) return undefined
    return `${path} has ${expected.length} elements, but ${actual.length}; next ${JSON.stringify(expected[actual.length] ?? actual[expected.length])}`
  }
  if (isRecord(expected) && isRecord(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const found = differenceAt(`${path}.${key}`, expected[key], actual[key], options)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (options.isRounded && areClose(expected, actual)) return undefined
  // Since 3.0 the deviation of a single infinite value is NaN.
  if (options.isDeviation && expected === '0' && actual === 'NaN') return undefined
  return `${path}: ${JSON.stringify(expected)}, but ${JSON.stringify(actual)}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function areClose(expected: unknown, actual: unknown): boolean {
  if (typeof expected !== 'string' || typeof actual !== 'string') return false
  const a = Number(expected)
  const b = Number(actual)
  // What cancels out is as inexact as what it is made of, which is of size 1 and more.
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b), 1)
}
