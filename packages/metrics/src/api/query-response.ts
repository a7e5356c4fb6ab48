import type { Labels } from '@quartet/model'
import type { StepGrid } from '@quartet/query'
import type { QueryResult, QueryValue } from '../query/engine.ts'
import { FLOAT, HISTOGRAM } from '../query/steps.ts'
import type { StepSeries } from '../query/steps.ts'
import { formatFloat } from '../query/syntax/number.ts'
import { encodeHistogram } from './histogram-json.ts'
import { formatTimestamp, JsonBytes, pointHeads } from './json-bytes.ts'
import type { PointHeads } from './json-bytes.ts'

export interface ResponseOptions {
  readonly query: string
  /** Most series that are shown; 0 shows all. */
  readonly limit: number
  readonly withStats: boolean
}

/** Upstream shows at most this many annotations of a kind. */
const MAX_ANNOTATIONS = 10

/** Encoding this much takes a few milliseconds; then others get their turn. */
const PAUSE_BYTES = 256 * 1024

/** The whole response body of a query. Gives way to the event loop while it writes a large one. */
export async function encodeQueryResult(result: QueryResult, options: ResponseOptions): Promise<Buffer> {
  const json = new JsonBytes()
  const { value, isTruncated } = truncate(result.value, options.limit)
  const { warnings, infos } = result.annotations.format(options.query, MAX_ANNOTATIONS)
  if (isTruncated) warnings.push('results truncated due to limit')
  json.ascii('{"status":"success","data":{"resultType":"').ascii(resultType(value)).ascii('","result":')
  await encodeValue(json, value)
  if (options.withStats) {
    const samples = { totalQueryableSamples: result.totalSamples, peakSamples: result.peakSamples }
    json.ascii(',"stats":').value({ samples })
  }
  json.ascii('}')
  if (warnings.length > 0) json.ascii(',"warnings":').value(warnings)
  if (infos.length > 0) json.ascii(',"infos":').value(infos)
  return json.ascii('}').finish()
}

function truncate(value: QueryValue, limit: number): { value: QueryValue; isTruncated: boolean } {
  if (limit === 0 || !('series' in value) || value.series.length <= limit) return { value, isTruncated: false }
  return { value: { ...value, series: value.series.slice(0, limit) } as QueryValue, isTruncated: true }
}

function resultType(value: QueryValue): string {
  return value.kind === 'samples' ? 'matrix' : value.kind
}

async function encodeValue(json: JsonBytes, value: QueryValue): Promise<void> {
  switch (value.kind) {
    // Upstream encodes these two in another way than samples: times without padding, values never with an exponent.
    case 'scalar':
      json.value([value.timeMs / 1000, formatFloat(value.value)])
      return
    case 'string':
      json.value([value.timeMs / 1000, value.value])
      return
    case 'vector':
      return encodeVector(json, value)
    case 'samples':
      return encodeSamples(json, value)
    case 'matrix':
      return encodeMatrix(json, value)
  }
}

async function encodeVector(json: JsonBytes, value: Extract<QueryValue, { kind: 'vector' }>): Promise<void> {
  const head = Buffer.from(`},"value":[${formatTimestamp(value.timeMs)},`)
  const histogramHead = Buffer.from(`},"histogram":[${formatTimestamp(value.timeMs)},`)
  const pauses = new Pauses(json)
  json.ascii('[')
  for (const [index, { labels, values, present, histograms }] of value.series.entries()) {
    json.ascii(index === 0 ? '{"metric":{' : ',{"metric":{')
    encodeLabels(json, labels)
    if (present[0] === HISTOGRAM) encodeHistogram(json.bytes(histogramHead), histograms![0]!)
    else json.bytes(head).sampleValue(values[0])
    json.ascii(']}')
    if (pauses.isDue()) await pauses.take()
  }
  json.ascii(']')
}

async function encodeSamples(json: JsonBytes, value: Extract<QueryValue, { kind: 'samples' }>): Promise<void> {
  const pauses = new Pauses(json)
  json.ascii('[')
  for (const [index, { labels, timesMs, values, histograms }] of value.series.entries()) {
    json.ascii(index === 0 ? '{"metric":{' : ',{"metric":{')
    encodeLabels(json, labels)
    json.ascii('}')
    const heads = pointHeads(Array.from(timesMs, pointHead))
    const present = Uint8Array.from(timesMs, (_, sample) => (histograms?.[sample] === undefined ? FLOAT : HISTOGRAM))
    encodeFloats(json, { values, present, histograms, heads })
    encodeHistograms(json, { values, present, histograms, heads })
    json.ascii('}')
    if (pauses.isDue()) await pauses.take()
  }
  json.ascii(']')
}

async function encodeMatrix(json: JsonBytes, value: Extract<QueryValue, { kind: 'matrix' }>): Promise<void> {
  const heads = gridHeads(value.grid)
  const pauses = new Pauses(json)
  json.ascii('[')
  for (const [index, { labels, values, present, histograms }] of value.series.entries()) {
    json.ascii(index === 0 ? '{"metric":{' : ',{"metric":{')
    encodeLabels(json, labels)
    json.ascii('}')
    const points = { values, present, histograms, heads }
    encodeFloats(json, points)
    encodeHistograms(json, points)
    json.ascii('}')
    if (pauses.isDue()) await pauses.take()
  }
  json.ascii(']')
}

type Points = Pick<StepSeries, 'values' | 'present' | 'histograms'> & { readonly heads: PointHeads }

/** `,"values":[…]`, and nothing when there is none. */
function encodeFloats(json: JsonBytes, { values, present, heads }: Points): void {
  if (!present.includes(FLOAT)) return
  json.ascii(',"values":[')
  json.points(heads, values, present, FLOAT)
  json.ascii(']')
}

/** `,"histograms":[…]`, and nothing when there is none. */
function encodeHistograms(json: JsonBytes, { present, histograms, heads }: Points): void {
  if (histograms === undefined) return
  let isFirst = true
  for (const [index, histogram] of histograms.entries()) {
    if (present[index] !== HISTOGRAM) continue
    const head = heads.bytes.subarray(index === 0 ? 0 : heads.ends[index - 1], heads.ends[index])
    if (isFirst) json.ascii(',"histograms":[').bytes(head.subarray(1))
    else json.bytes(head)
    encodeHistogram(json, histogram!)
    json.ascii(']')
    isFirst = false
  }
  if (!isFirst) json.ascii(']')
}

/** Of every step: written once, copied for every series. */
function gridHeads(grid: StepGrid): PointHeads {
  return pointHeads(Array.from({ length: grid.count }, (_, step) => pointHead(grid.startMs + step * grid.stepMs)))
}

function pointHead(timeMs: number): string {
  return `,[${formatTimestamp(timeMs)},`
}

export function encodeLabels(json: JsonBytes, labels: Labels): void {
  for (const [index, [name, value]] of labels.entries()) {
    if (index > 0) json.ascii(',')
    json.string(name).ascii(':').string(value)
  }
}

/** Says when the event loop should have its turn. */
class Pauses {
  readonly #json: JsonBytes
  #next = PAUSE_BYTES

  constructor(json: JsonBytes) {
    this.#json = json
  }

  isDue(): boolean {
    return this.#json.length >= this.#next
  }

  take(): Promise<void> {
    this.#next = this.#json.length + PAUSE_BYTES
    return new Promise((resolve) => setImmediate(resolve))
  }
}
