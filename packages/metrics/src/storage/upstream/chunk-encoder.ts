import type { SampleColumns } from '../../query/source.ts'
import { FLOAT_HISTOGRAM, HISTOGRAM, XOR } from './chunk-files.ts'
import { encodeHistogramChunk, histogramRunEnd } from './histogram-chunk.ts'
import { encodeXorChunk } from './xor-chunk.ts'

/** Upstream's usual length of a chunk. */
const CHUNK_SAMPLES = 120

export interface EncodedChunk {
  readonly encoding: number
  readonly data: Uint8Array
  readonly minMs: number
  /** Inclusive. */
  readonly maxMs: number
  readonly sampleCount: number
}

/** A series in upstream's chunks, floats and histograms apart. */
export function* encodeChunks(columns: SampleColumns): Generator<EncodedChunk> {
  const { timesMs, count } = columns
  for (let start = 0, end = 0; start < count; start = end) {
    const limit = Math.min(count, start + CHUNK_SAMPLES)
    const histogram = columns.histograms?.[start]
    let encoding = XOR
    if (histogram === undefined) end = floatRunEnd(columns, start, limit)
    else {
      end = histogramRunEnd(columns, start, limit)
      encoding = histogram.isFloat ? FLOAT_HISTOGRAM : HISTOGRAM
    }
    const data = (encoding === XOR ? encodeXorChunk : encodeHistogramChunk)(columns, start, end)
    yield { encoding, data, minMs: timesMs[start], maxMs: timesMs[end - 1], sampleCount: end - start }
  }
}

function floatRunEnd({ histograms }: SampleColumns, start: number, limit: number): number {
  if (histograms === undefined) return limit
  let end = start + 1
  while (end < limit && histograms[end] === undefined) end++
  return end
}
