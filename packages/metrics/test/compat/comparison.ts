/** What one server answered to one query. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

interface Options {
  /** Floats may differ by 1e-12 of their size. */
  readonly isRounded: boolean
}

const TOLERANCE = 1e-12

/** Says where two answers differ, or nothing. Warnings are left out: 2.42 has none. */
export function difference(expected: Answer, actual: Answer, options: Options): string | undefined {
  if (expected.status !== actual.status) return `status ${expected.status}, but ${actual.status}`
  return differenceAt('', withoutAnnotations(expected.body), withoutAnnotations(actual.body), options)
}

function withoutAnnotations(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body
  const { warnings: _warnings, infos: _infos, ...rest } = body as Record<string, unknown>
  return rest
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
  return `${path}: ${JSON.stringify(expected)}, but ${JSON.stringify(actual)}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function areClose(expected: unknown, actual: unknown): boolean {
  if (typeof expected !== 'string' || typeof actual !== 'string') return false
  const a = Number(expected)
  const b = Number(actual)
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
}
