import { join } from 'node:path'
import { compareLabels } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { BlockDirectory, BlockWriter } from '@quartet/storage'
import type { Block, FileSystem } from '@quartet/storage'
import type { SampleColumns } from '../../query/source.ts'
import { encodeBlock } from '../block-encoder.ts'
import type { EncodableSeries } from '../block-encoder.ts'
import { readOverlapping } from '../overlap.ts'
import type { PartSeries } from '../series-part.ts'
import { listUpstreamBlocks } from './block-meta.ts'
import { readUpstreamBlock } from './block-reader.ts'
import type { StreamedSeries } from './block-reader.ts'
import { UpstreamHead } from './head-source.ts'
import type { WalDamage } from './wal-segments.ts'

/** A key of a block's meta: the upstream blocks, or the head, that it was made from. */
export const IMPORTED_FROM = 'importedFrom'

/** Data that is there already stands in the way. */
export class ImportConflictError extends Error {
  override name = 'ImportConflictError'
}

export interface ImportOptions {
  readonly fileSystem: FileSystem
  /** The Prometheus data directory, of a Prometheus that does not run. Never written to. */
  readonly from: string
  /** Our `data/prometheus`, which nobody else uses meanwhile. */
  readonly directory: string
  /** Oldest sample that is in our WAL; Infinity when there is none. */
  readonly headMinMs: number
  readonly nowMs: () => number
  readonly onProgress?: (progress: ImportProgress) => void
  /** What of the source cannot be read, and is left out. */
  readonly onDamage: (damage: WalDamage) => void
}

export interface ImportProgress {
  readonly done: number
  readonly total: number
  readonly minMs: number
  readonly maxMs: number
  readonly seriesCount: number
  readonly sampleCount: number
  /** It was imported by an earlier run. */
  readonly isSkipped: boolean
}

export interface ImportReport {
  readonly blocks: number
  readonly skipped: number
  readonly samples: number
}

/** Something of the source that covers a span of time. */
interface Source {
  readonly id: string
  readonly minMs: number
  /** Inclusive. */
  readonly maxMs: number
  series(): AsyncGenerator<StreamedSeries>
}

/**
 * Takes over the data directory of a Prometheus: each of its blocks becomes a block of ours, and so does its WAL. Blocks that overlap become
 * one. Samples pass through one series at a time. What an interrupted run has finished is not done again.
 * @throws ImportConflictError before anything is written, when there is data of ours from the same time
 * @throws UpstreamFormatError when a block of the source is damaged
 */
export async function importPrometheus(options: ImportOptions): Promise<ImportReport> {
  const { fileSystem, directory } = options
  const groups = groupOverlapping(await listSources(options))
  const blocks = await BlockDirectory.open({
    fileSystem,
    directory: join(directory, 'blocks'),
    cacheBytes: 0,
    onProblem: ({ block, message }) => options.onDamage({ file: block, message }),
  })
  try {
    const known = importedIds(blocks.blocks)
    const isKnown = (group: readonly Source[]): boolean => group.every(({ id }) => known.has(id))
    for (const group of groups) if (!isKnown(group)) refuseConflict(group, blocks.blocks, options.headMinMs)
    const report = { blocks: 0, skipped: 0, samples: 0 }
    for (const [index, group] of groups.entries()) {
      const isSkipped = isKnown(group)
      const summary = isSkipped ? { seriesCount: 0, sampleCount: 0 } : await importGroup(group, options)
      report.blocks += summary.sampleCount > 0 ? 1 : 0
      report.skipped += isSkipped ? 1 : 0
      report.samples += summary.sampleCount
      options.onProgress?.({ ...rangeOf(group), ...summary, isSkipped, done: index + 1, total: groups.length })
    }
    return report
  } finally {
    await blocks.close()
  }
}

async function listSources({ fileSystem, from, onDamage }: ImportOptions): Promise<Source[]> {
  const blocks = await listUpstreamBlocks(fileSystem, from)
  const sources: Source[] = blocks.map((block) => ({
    id: block.meta.ulid,
    minMs: block.meta.minTime,
    maxMs: block.meta.maxTime - 1,
    series: () => readUpstreamBlock(fileSystem, block),
  }))
  const inOrder = blocks.filter(({ meta }) => !meta.compaction.hints?.includes('from-out-of-order'))
  const floorMs = Math.max(...inOrder.map(({ meta }) => meta.maxTime))
  const head = await UpstreamHead.open({ fileSystem, directory: from, floorMs, onDamage })
  if (!head.isEmpty) {
    const { id, minMs, maxMs } = head
    sources.push({ id: `head ${id} ${maxMs}`, minMs, maxMs, series: () => head.series() })
  }
  return sources.sort((a, b) => a.minMs - b.minMs)
}

function groupOverlapping(sources: readonly Source[]): Source[][] {
  const groups: Source[][] = []
  let endMs = -Infinity
  for (const source of sources) {
    if (source.minMs <= endMs) groups.at(-1)!.push(source)
    else groups.push([source])
    endMs = Math.max(endMs, source.maxMs)
  }
  return groups
}

function importedIds(blocks: readonly Block[]): Set<string> {
  const ids = new Set<string>()
  for (const { meta } of blocks)
    for (const id of (meta[IMPORTED_FROM] as readonly string[] | undefined) ?? []) ids.add(id)
  return ids
}

function rangeOf(group: readonly Source[]): { readonly minMs: number; readonly maxMs: number } {
  return { minMs: Math.min(...group.map(({ minMs }) => minMs)), maxMs: Math.max(...group.map(({ maxMs }) => maxMs)) }
}

function refuseConflict(group: readonly Source[], blocks: readonly Block[], headMinMs: number): void {
  const { minMs, maxMs } = rangeOf(group)
  const span = `${iso(minMs)} to ${iso(maxMs)}`
  const block = blocks.find(({ meta }) => meta.minMs <= maxMs && meta.maxMs >= minMs)
  if (block !== undefined) {
    const { meta, id } = block
    throw new ImportConflictError(
      `data from ${span} would overlap with block ${id}, which is there already (${iso(meta.minMs)} to ${iso(meta.maxMs)})`,
    )
  }
  // What is in the WAL and older than a block would be taken for a part of it and forgotten.
  if (maxMs >= headMinMs) {
    throw new ImportConflictError(
      `data from ${span} would reach beyond ${iso(headMinMs)}, where samples begin that are not in a block yet; import into an empty data directory`,
    )
  }
}

async function importGroup(
  group: readonly Source[],
  { fileSystem, directory, nowMs }: ImportOptions,
): Promise<{ readonly seriesCount: number; readonly sampleCount: number }> {
  const writer = await BlockWriter.create({ fileSystem, directory: join(directory, 'blocks'), nowMs: nowMs() })
  try {
    const series = group.length === 1 ? copies(group[0].series()) : merged(group.map((source) => source.series()))
    const summary = await encodeBlock(writer, series, letOthersRun)
    if (summary.sampleCount === 0) await writer.abort()
    else await writer.commit({ ...summary, level: 1, [IMPORTED_FROM]: group.map(({ id }) => id) })
    return summary
  } catch (error) {
    await writer.abort()
    throw error
  }
}

/** At start this runs in a system's thread: signals and the other systems of it must get through. */
let countdown = 0
function letOthersRun(): Promise<void> | undefined {
  if (countdown-- > 0) return undefined
  countdown = 256
  return new Promise((resolve) => setImmediate(resolve))
}

async function* copies(series: AsyncIterable<StreamedSeries>): AsyncGenerator<EncodableSeries> {
  for await (const one of series) yield { labels: one.labels, read: (into) => copyColumns(one.columns, into) }
}

/** Series of several sources in the order of labels, those of one name together. */
async function* merged(sources: readonly AsyncGenerator<StreamedSeries>[]): AsyncGenerator<EncodableSeries> {
  const heads = await Promise.all(sources.map((source) => source.next()))
  try {
    for (;;) {
      let labels: Labels | undefined
      for (const { done, value } of heads) {
        if (!done && (labels === undefined || compareLabels(value.labels, labels) < 0)) labels = value.labels
      }
      if (labels === undefined) return
      const members = heads.flatMap(({ done, value }, index) =>
        !done && compareLabels(value.labels, labels) === 0 ? [index] : [],
      )
      const parts = members.map((index) => partOf(heads[index].value as StreamedSeries))
      yield { labels, read: (into) => readOverlapping(parts, into, { minMs: -Infinity, maxMs: Infinity }) }
      for (const index of members) heads[index] = await sources[index].next()
    }
  } finally {
    await Promise.all(sources.map((source) => source.return(undefined)))
  }
}

function partOf({ labels, columns }: StreamedSeries): PartSeries {
  return {
    labels,
    appendTo(into) {
      copyColumns(columns, into)
      return 0
    },
  }
}

/** Into empty columns. */
function copyColumns(from: SampleColumns, into: SampleColumns): void {
  into.reserve(from.count)
  into.timesMs.set(from.timesMs.subarray(0, from.count))
  into.bits.set(from.bits.subarray(0, 2 * from.count))
  into.histograms = from.histograms?.slice()
  into.count = from.count
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
