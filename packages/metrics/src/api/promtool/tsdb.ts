import type { Labels } from '@quartet/model'
import { isStaleAt } from '@quartet/model'
import { quoteGo } from '@quartet/query'
import type { Matcher } from '@quartet/query'
import { nodeFileSystem } from '@quartet/storage'
import { formatSample } from '../json-bytes.ts'
import { histogramText } from '../../query/histogram-text.ts'
import { listUpstreamBlocks } from '../../storage/upstream/block-meta.ts'
import { readUpstreamBlock } from '../../storage/upstream/block-reader.ts'

const COLUMNS = ['BLOCK ULID', 'MIN TIME', 'MAX TIME', 'DURATION', 'NUM SAMPLES', 'NUM CHUNKS', 'NUM SERIES']

/** `promtool tsdb list` of a data directory in upstream's format. */
export async function listBlocks(directory: string, print: (line: string) => void): Promise<void> {
  const rows = (await listUpstreamBlocks(nodeFileSystem, directory)).map(({ meta }) => {
    const { ulid, minTime, maxTime, stats } = meta
    const seconds = `${(maxTime - minTime) / 1000}s`
    return [ulid, minTime, maxTime, seconds, stats.numSamples ?? 0, stats.numChunks ?? 0, stats.numSeries ?? 0].map(
      String,
    )
  })
  const widths = COLUMNS.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index].length)))
  for (const row of [COLUMNS, ...rows])
    print(
      row
        .map((cell, index) => cell.padEnd(widths[index]))
        .join('  ')
        .trimEnd(),
    )
}

/** `promtool tsdb dump` of a data directory in upstream's format: a line per sample. */
export async function dumpBlocks(
  directory: string,
  options: {
    readonly minMs: number
    readonly maxMs: number
    readonly matchers: readonly Matcher[]
    readonly print: (line: string) => void
    /** Waits until what was printed is out. */
    readonly flush: () => Promise<void>
  },
): Promise<void> {
  const { minMs, maxMs, matchers, print, flush } = options
  for (const block of await listUpstreamBlocks(nodeFileSystem, directory)) {
    if (block.meta.minTime > maxMs || block.meta.maxTime <= minMs) continue
    for await (const { labels, columns } of readUpstreamBlock(nodeFileSystem, block)) {
      if (!matchers.every((matcher) => matcher.matches(labels.find(([name]) => name === matcher.name)?.[1] ?? '')))
        continue
      const head = showLabels(labels)
      for (let at = 0; at < columns.count; at++) {
        const timeMs = columns.timesMs[at]
        if (timeMs < minMs || timeMs > maxMs) continue
        const histogram = columns.histograms?.[at]
        const isStale = histogram === undefined && isStaleAt(columns.bits, at)
        const value = histogram ? histogramText(histogram) : isStale ? 'NaN' : formatSample(columns.values[at])
        print(`${head} ${value} ${timeMs}`)
      }
      await flush()
    }
  }
}

function showLabels(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${name}=${quoteGo(value)}`).join(', ')}}`
}
