import type { StageNode } from '../ast.ts'
import type { LogPage, LogStream, PageLines } from '../source.ts'
import { lineFilterStage } from '../stages/line-filter.ts'
import type { LineFilter } from '../stages/line-filter.ts'
import { buildStage } from '../stages/registry.ts'
import type { Stage } from '../stages/stage.ts'
import { Entry } from './entry.ts'

const NANOS = 1_000_000_000n

/** What one query has read, for the `stats` block of the answer. */
export interface ScanStats {
  pages: number
  lines: number
  bytes: number
  compressedBytes: number
  postFilterLines: number
  streams: Set<string>
}

export function createScanStats(): ScanStats {
  return { pages: 0, lines: 0, bytes: 0, compressedBytes: 0, postFilterLines: 0, streams: new Set() }
}

/** The stages of a selector, compiled once for a query, and the one entry that they work on. */
export class Pipeline {
  readonly #leading: readonly LineFilter[]
  readonly #stages: readonly Stage[]
  readonly #entry = new Entry()
  #mask = new Uint8Array(0)
  #stream: LogStream | undefined
  #base: ReadonlyMap<string, string> = new Map()

  constructor(nodes: readonly StageNode[], nowNs: () => bigint) {
    let leading = 0
    while (leading < nodes.length && nodes[leading].kind === 'line') leading++
    this.#leading = nodes.slice(0, leading).flatMap((node) => (node.kind === 'line' ? [lineFilterStage(node)] : []))
    this.#stages = nodes.slice(leading).map((node) => buildStage(node, nowNs))
  }

  /** Whether running needs the text of lines at all. */
  get needsText(): boolean {
    return this.#leading.length > 0 || this.#stages.length > 0
  }

  /**
   * Runs all lines of a page that lie in the window (both ends included) and calls `visit` with the entry for each that passes.
   * @param reverse newest first
   */
  scan(
    page: LogPage,
    lines: PageLines,
    window: { startNs: bigint; endNs: bigint },
    reverse: boolean,
    stats: ScanStats,
    visit: (entry: Entry, index: number) => boolean | void,
  ): void {
    const { count, seconds, nanos, lineEnds, text } = lines
    const first = window.startNs <= page.minNs ? 0 : lowerBound(lines, window.startNs)
    const last = window.endNs >= page.maxNs ? count : lowerBound(lines, window.endNs + 1n)
    stats.pages++
    stats.lines += last - first
    stats.compressedBytes += lines.compressedBytes
    if (last > first) stats.bytes += lineEnds[last - 1] - (first === 0 ? 0 : lineEnds[first - 1])
    stats.streams.add(page.stream.key)
    if (page.stream !== this.#stream) {
      this.#stream = page.stream
      this.#base = new Map(page.stream.labels)
    }
    const mask = this.#pageMask(lines, first, last)
    const entry = this.#entry
    for (let step = first; step < last; step++) {
      const index = reverse ? last - 1 - (step - first) : step
      if (mask && mask[index] === 0) continue
      entry.begin(page.stream, this.#base)
      entry.setBytes(text, index === 0 ? 0 : lineEnds[index - 1], lineEnds[index])
      entry.seconds = seconds[index]
      entry.nanos = nanos[index]
      entry.addMetadata(lines.metadata(lines.metadataOf[index]))
      if (!this.#run(entry)) continue
      stats.postFilterLines++
      if (visit(entry, index) === false) return
    }
  }

  /** Runs one line that is not in a page (tail). */
  runLine(
    stream: LogStream,
    entry: { line: Buffer; seconds: number; nanos: number; metadata: readonly (readonly [string, string])[] },
  ): Entry | undefined {
    const target = this.#entry
    target.begin(stream, new Map(stream.labels))
    target.setBytes(entry.line, 0, entry.line.length)
    target.seconds = entry.seconds
    target.nanos = entry.nanos
    target.addMetadata(entry.metadata)
    for (const filter of this.#leading) if (!filter.run(target)) return undefined
    return this.#run(target) ? target : undefined
  }

  #run(entry: Entry): boolean {
    for (const stage of this.#stages) if (!stage.run(entry)) return false
    return true
  }

  #pageMask(lines: PageLines, first: number, last: number): Uint8Array | undefined {
    if (this.#leading.length === 0) return undefined
    if (this.#mask.length < lines.count) this.#mask = new Uint8Array(lines.count)
    const mask = this.#mask.subarray(0, lines.count)
    mask.fill(0)
    mask.fill(1, first, last)
    for (const filter of this.#leading) filter.mask(lines, mask)
    return mask
  }
}

/** The first line at or after a time. */
function lowerBound(lines: PageLines, timeNs: bigint): number {
  const seconds = Number(timeNs / NANOS)
  const nanos = Number(timeNs % NANOS)
  let low = 0
  let high = lines.count
  while (low < high) {
    const middle = (low + high) >> 1
    const isBefore =
      lines.seconds[middle] < seconds || (lines.seconds[middle] === seconds && lines.nanos[middle] < nanos)
    if (isBefore) low = middle + 1
    else high = middle
  }
  return low
}
