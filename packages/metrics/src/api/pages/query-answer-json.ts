import { ApiError } from '../errors.ts'

export interface HistogramJson {
  readonly count: string
  readonly sum: string
  /** Bounds: 0 `(]`, 1 `[)`, 2 `()`, 3 `[]`. */
  readonly buckets?: readonly (readonly [bounds: number, lower: string, upper: string, count: string])[]
}

export type Point = readonly [timeSeconds: number, value: string]
export type HistogramPoint = readonly [timeSeconds: number, value: HistogramJson]

export interface VectorItem {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: Point
  readonly histogram?: HistogramPoint
}

export interface MatrixItem {
  readonly metric: Readonly<Record<string, string>>
  readonly values?: readonly Point[]
  readonly histograms?: readonly HistogramPoint[]
}

export type QueryData =
  | { readonly resultType: 'vector'; readonly result: readonly VectorItem[] }
  | { readonly resultType: 'matrix'; readonly result: readonly MatrixItem[] }
  | { readonly resultType: 'scalar'; readonly result: Point }
  | { readonly resultType: 'string'; readonly result: Point }

export interface QueryAnswer {
  readonly data: QueryData
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

/** Reading more would keep others waiting. */
const MAX_BYTES = 16 * 1024 * 1024

/** Reads the body that the API answers, wherever the query was evaluated. */
export function readAnswer(body: Uint8Array): QueryAnswer {
  if (body.length > MAX_BYTES) {
    const size = (body.length / 1024 / 1024).toFixed(0)
    throw new ApiError(
      'execution',
      `the result has ${size} MiB, which is too much for a page; ask for less, or take it as JSON`,
    )
  }
  const {
    data,
    infos = [],
    warnings = [],
  } = JSON.parse(Buffer.from(body).toString()) as Partial<QueryAnswer> & Pick<QueryAnswer, 'data'>
  return { data, warnings, infos }
}

const BRACKETS = ['(]', '[)', '()', '[]'] as const

/** `{count:5, sum:2.5, [-1,1]:1, (1,2]:4}`, as upstream writes it. */
export function histogramLine({ buckets = [], count, sum }: HistogramJson): string {
  const parts = buckets.map(([bounds, lower, upper, inside]) => {
    const [open, close] = BRACKETS[bounds]
    return `${open}${lower},${upper}${close}:${inside}`
  })
  return `{${[`count:${count}`, `sum:${sum}`, ...parts].join(', ')}}`
}
