import { METRIC_NAME } from '@quartet/model'
import { createMatcher } from '@quartet/query'
import type { Matcher } from '@quartet/query'
import type { FileSystem } from '@quartet/storage'
import { SampleColumns } from '../../query/source.ts'
import type { SeriesSource } from '../../query/source.ts'
import { UpstreamBlockWriter } from './block-writer.ts'

/** Upstream cuts its blocks on this grid. */
const BLOCK_MS = 7_200_000
/** Values of a label whose series are read together. */
const BATCH_VALUES = 500

export interface TimeRange {
  readonly minMs: number
  /** Inclusive. */
  readonly maxMs: number
}

export interface ExportOptions {
  readonly fileSystem: FileSystem
  readonly source: SeriesSource
  /** Time ranges of our blocks. */
  readonly blocks: readonly TimeRange[]
  /** What is in memory only; undefined when nothing is. */
  readonly head: TimeRange | undefined
  /** Where the blocks are written; Prometheus can be started on it. */
  readonly to: string
  readonly range: TimeRange
  /** Series that match all are exported. */
  readonly matchers: readonly Matcher[]
  readonly nowMs: () => number
  readonly onProgress?: (progress: ExportProgress) => void
  readonly signal: AbortSignal
}

export interface ExportProgress extends TimeRange {
  readonly done: number
  readonly total: number
  readonly sampleCount: number
  readonly path: string | undefined
}

/**
 * Writes blocks of upstream's format: one for each of ours, and one for every two hours of what is not in a block yet. Series are read metric
 * by metric, large ones in parts, so that memory stays far below the size of a block.
 */
export async function exportPrometheus(options: ExportOptions): Promise<{ blocks: number; samples: number }> {
  await options.fileSystem.makeDirectory(options.to)
  const windows = windowsOf(options)
  const report = { blocks: 0, samples: 0 }
  for (const [index, window] of windows.entries()) {
    const { path, sampleCount } = await exportWindow(window, options)
    if (path !== undefined) report.blocks++
    report.samples += sampleCount
    options.onProgress?.({ ...window, path, sampleCount, done: index + 1, total: windows.length })
  }
  return report
}

/**
 * Spans that do not overlap, ascending. The gaps between them are spans, too: late samples may lie there; where nothing does, no block is
 * written.
 */
export function windowsOf({ blocks, head, range }: Pick<ExportOptions, 'blocks' | 'head' | 'range'>): TimeRange[] {
  const spans = blocks.map(({ minMs, maxMs }) => ({ minMs, maxMs }))
  if (head !== undefined) {
    for (let startMs = Math.floor(head.minMs / BLOCK_MS) * BLOCK_MS; startMs <= head.maxMs; startMs += BLOCK_MS) {
      spans.push({ minMs: Math.max(startMs, head.minMs), maxMs: Math.min(startMs + BLOCK_MS - 1, head.maxMs) })
    }
  }
  const windows: { minMs: number; maxMs: number }[] = []
  let endMs = -Infinity
  for (const { minMs, maxMs } of spans.sort((a, b) => a.minMs - b.minMs)) {
    if (minMs > endMs) {
      if (minMs > endMs + 1) windows.push({ minMs: endMs === -Infinity ? endMs : endMs + 1, maxMs: minMs - 1 })
      windows.push({ minMs, maxMs })
    } else windows.at(-1)!.maxMs = Math.max(endMs, maxMs)
    endMs = Math.max(endMs, maxMs)
  }
  windows.push({ minMs: endMs === -Infinity ? endMs : endMs + 1, maxMs: Infinity })
  return windows
    .map(({ minMs, maxMs }) => ({ minMs: Math.max(minMs, range.minMs), maxMs: Math.min(maxMs, range.maxMs) }))
    .filter(({ minMs, maxMs }) => minMs <= maxMs)
}

async function exportWindow(
  window: TimeRange,
  options: ExportOptions,
): Promise<{ path: string | undefined; sampleCount: number }> {
  const { fileSystem, to, source, signal } = options
  const writer = await UpstreamBlockWriter.create({ fileSystem, directory: to, nowMs: options.nowMs() })
  try {
    const columns = new SampleColumns()
    for await (const matchers of batches(window, options)) {
      const selection = await source.select({ matchers, ...window, signal })
      try {
        for (const series of selection.series) {
          series.read(columns)
          await writer.add(series.labels, columns)
        }
      } finally {
        selection.release()
      }
    }
    return { sampleCount: writer.sampleCount, path: await writer.commit() }
  } catch (error) {
    await writer.abort()
    throw error
  }
}

/** Matchers that together select every series once. */
async function* batches(window: TimeRange, { source, matchers, signal }: ExportOptions): AsyncGenerator<Matcher[]> {
  const request = (more: readonly Matcher[]): Parameters<SeriesSource['labelNames']>[0] => ({
    ...window,
    matcherSets: [[...matchers, ...more]],
    signal,
  })
  yield [...matchers, createMatcher(METRIC_NAME, '=', '')]
  for (const metric of await source.labelValues(METRIC_NAME, request([]))) {
    const ofMetric = createMatcher(METRIC_NAME, '=', metric)
    let widest: { name: string; values: readonly string[] } = { name: '', values: [] }
    for (const name of await source.labelNames(request([ofMetric]))) {
      const values = await source.labelValues(name, request([ofMetric]))
      if (values.length > widest.values.length) widest = { name, values }
    }
    if (widest.values.length <= BATCH_VALUES) {
      yield [...matchers, ofMetric]
      continue
    }
    yield [...matchers, ofMetric, createMatcher(widest.name, '=', '')]
    for (let from = 0; from < widest.values.length; from += BATCH_VALUES) {
      yield [...matchers, ofMetric, oneOf(widest.name, widest.values.slice(from, from + BATCH_VALUES))]
    }
  }
}

function oneOf(name: string, values: readonly string[]): Matcher {
  const set = new Set(values)
  return { name, op: '=~', value: '', matches: (value) => set.has(value), setMatches: values }
}
