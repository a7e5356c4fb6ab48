import type { Labels } from '@quartet/model'
import type { ResultStream } from '../query/engine/log-query.ts'
import { stepTimeNs } from '../query/engine/grid.ts'
import type { Grid } from '../query/engine/grid.ts'
import type { ScanStats } from '../query/engine/pipeline.ts'
import type { Operand } from '../query/engine/binary.ts'
import { sampleText } from '../query/format-float.ts'

/** The answer to a query as JSON text; one string is built, no tree. */
export function streamsJson(streams: readonly ResultStream[], options: { categorize: boolean; stats: string }): string {
  const result = streams.map(({ labels, entries }) => {
    const values = entries.map((entry) => {
      const extra = options.categorize ? `,${categories(entry.structuredMetadata, entry.parsed)}` : ''
      return `["${entry.timeNs}",${JSON.stringify(entry.line)}${extra}]`
    })
    return `{"stream":${labelsJson(labels)},"values":[${values.join(',')}]}`
  })
  const flags = options.categorize ? '"encodingFlags":["categorize-labels"],' : ''
  return envelope(`"resultType":"streams",${flags}"result":[${result.join(',')}],"stats":${options.stats}`)
}

export function categories(structuredMetadata: Labels, parsed: Labels): string {
  const parts: string[] = []
  if (structuredMetadata.length > 0) parts.push(`"structuredMetadata":${labelsJson(structuredMetadata)}`)
  if (parsed.length > 0) parts.push(`"parsed":${labelsJson(parsed)}`)
  return `{${parts.join(',')}}`
}

export function matrixJson(result: Operand, grid: Grid, stats: string): string {
  const times = Array.from({ length: grid.count }, (_, step) => secondsText(stepTimeNs(grid, step)))
  const series =
    typeof result === 'number'
      ? [
          {
            labels: [] as Labels,
            values: new Float64Array(grid.count).fill(result),
            present: new Uint8Array(grid.count).fill(1),
          },
        ]
      : result
  const rows = series.map(({ labels, values, present }) => {
    const points: string[] = []
    for (let step = 0; step < grid.count; step++)
      if (present[step] === 1) points.push(`[${times[step]},"${sampleText(values[step])}"]`)
    return `{"metric":${labelsJson(labels)},"values":[${points.join(',')}]}`
  })
  return envelope(`"resultType":"matrix","result":[${rows.join(',')}],"stats":${stats}`)
}

export function instantJson(result: Operand, timeNs: bigint, stats: string): string {
  const time = secondsText(timeNs)
  if (typeof result === 'number')
    return envelope(`"resultType":"scalar","result":[${time},"${sampleText(result)}"],"stats":${stats}`)
  const rows = result.map(
    ({ labels, values }) => `{"metric":${labelsJson(labels)},"value":[${time},"${sampleText(values[0])}"]}`,
  )
  return envelope(`"resultType":"vector","result":[${rows.join(',')}],"stats":${stats}`)
}

export function envelope(data: string): string {
  return `{"status":"success","data":{${data}}}`
}

/** Milliseconds as Prometheus's model.Time prints them: `1568404331.324`, no trailing zeros. */
function secondsText(ns: bigint): string {
  return String(Number(ns / 1_000_000n) / 1000)
}

export function labelsJson(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
}

/** Upstream's `stats` object; what has no counterpart here is 0. */
export function statsJson(
  stats: ScanStats,
  timing: { execSeconds: number; queueSeconds: number; returned: number; isFromHead: boolean },
): string {
  const chunk = {
    compressedBytes: stats.compressedBytes,
    decompressedBytes: stats.bytes,
    decompressedLines: stats.lines,
    decompressedStructuredMetadataBytes: 0,
    headChunkBytes: 0,
    headChunkLines: 0,
    headChunkStructuredMetadataBytes: 0,
    postFilterLines: stats.postFilterLines,
    totalDuplicates: 0,
  }
  const emptyChunk = Object.fromEntries(Object.keys(chunk).map((key) => [key, 0]))
  const dataobj = Object.fromEntries(
    'pageBatches pagesDownloaded pagesDownloadedBytes pagesScanned postFilterRows postPredicateRows postPredicateDecompressedBytes postPredicateStructuredMetadataBytes prePredicateDecompressedRows prePredicateDecompressedBytes prePredicateDecompressedStructuredMetadataBytes totalPageDownloadTime totalRowsAvailable'
      .split(' ')
      .map((key) => [key, 0]),
  )
  const store = (inner: object, pages: number): object => ({
    chunksDownloadTime: 0,
    congestionControlLatency: 0,
    totalChunksRef: pages,
    totalChunksDownloaded: pages,
    chunkRefsFetchTime: 0,
    queryReferencedStructuredMetadata: false,
    queryUsedV2Engine: false,
    pipelineWrapperFilteredLines: 0,
    chunk: inner,
    dataobj,
  })
  const cacheEntry = {
    entriesFound: 0,
    entriesRequested: 0,
    entriesStored: 0,
    bytesReceived: 0,
    bytesSent: 0,
    requests: 0,
    downloadTime: 0,
    queryLengthServed: 0,
  }
  const caches = 'chunk index result statsResult volumeResult seriesResult labelResult instantMetricResult'.split(' ')
  const seconds = Math.max(timing.execSeconds, 1e-6)
  return JSON.stringify({
    summary: {
      bytesProcessedPerSecond: Math.trunc(stats.bytes / seconds),
      execTime: timing.execSeconds,
      linesProcessedPerSecond: Math.trunc(stats.lines / seconds),
      queueTime: timing.queueSeconds,
      shards: 0,
      splits: 0,
      subqueries: 0,
      totalBytesProcessed: stats.bytes,
      totalEntriesReturned: timing.returned,
      totalLinesProcessed: stats.lines,
      totalPostFilterLines: stats.postFilterLines,
      totalStructuredMetadataBytesProcessed: 0,
    },
    querier: { store: store(emptyChunk, 0) },
    ingester: {
      totalReached: 1,
      totalChunksMatched: stats.pages,
      totalBatches: stats.pages,
      totalLinesSent: stats.postFilterLines,
      store: store(chunk, stats.pages),
    },
    cache: Object.fromEntries(caches.map((name) => [name, cacheEntry])),
    index: { totalChunks: 0, postFilterChunks: 0, shardsDuration: 0, usedBloomFilters: false },
  })
}
