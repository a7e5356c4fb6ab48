import { BlockWriter } from '@quartet/storage'
import type { Block, FileSystem } from '@quartet/storage'
import { parseStreamLabels } from '@quartet/model'
import type { LogPage } from '../query/source.ts'
import { unpackPage } from './page-codec.ts'
import type { PackedPage } from './page-codec.ts'
import type { StoredStream, StreamTable } from './stream-table.ts'

const INDEX = 'index'
const PAGES = 'pages'
const FORMAT = 1
const PAGE_ROW_BYTES = 40
const encoder = new TextEncoder()

/** Writes the pages of a sealed head as one block; layout in docs/format/block.md. @returns the block's id */
export async function writeLogBlock(options: {
  fileSystem: FileSystem
  directory: string
  nowMs: number
  walSegment: number
  streams: readonly { stream: StoredStream; pages: readonly PackedPage[] }[]
}): Promise<string> {
  const writer = await BlockWriter.create({
    fileSystem: options.fileSystem,
    directory: options.directory,
    nowMs: options.nowMs,
  })
  try {
    const parts: Uint8Array[] = []
    const rows: Uint8Array[] = []
    let offset = 0
    let minNs: bigint | undefined
    let maxNs = 0n
    let entries = 0
    for (const { stream, pages } of options.streams) {
      const labels = encoder.encode(stream.text)
      const head = new Uint8Array(8 + labels.length)
      const headView = new DataView(head.buffer)
      headView.setUint32(0, labels.length, true)
      head.set(labels, 4)
      headView.setUint32(4 + labels.length, pages.length, true)
      rows.push(head)
      for (const page of pages) {
        const row = new DataView(new ArrayBuffer(PAGE_ROW_BYTES))
        row.setBigUint64(0, page.minNs, true)
        row.setBigUint64(8, page.maxNs, true)
        row.setUint32(16, page.count, true)
        row.setUint32(20, page.rawTextBytes, true)
        row.setBigUint64(24, BigInt(offset), true)
        row.setUint32(32, page.columns.length, true)
        row.setUint32(36, page.text.length, true)
        rows.push(new Uint8Array(row.buffer))
        parts.push(page.columns, page.text)
        offset += page.columns.length + page.text.length
        if (minNs === undefined || page.minNs < minNs) minNs = page.minNs
        if (page.maxNs > maxNs) maxNs = page.maxNs
        entries += page.count
      }
    }
    await writer.addSection(INDEX, Buffer.concat(rows))
    await writer.addSection(PAGES, Buffer.concat(parts))
    return await writer.commit({
      format: FORMAT,
      minMs: Number((minNs ?? 0n) / 1_000_000n),
      maxMs: Number(maxNs / 1_000_000n),
      entries,
      walSegment: options.walSegment,
    })
  } catch (error) {
    await writer.abort()
    throw error
  }
}

interface PageRow {
  readonly minNs: bigint
  readonly maxNs: bigint
  readonly count: number
  readonly rawTextBytes: number
  readonly offset: number
  readonly columnsSize: number
  readonly textSize: number
}

/** A block as queries read it: the page table in memory, pages from disk when they are opened. */
export class LogBlock {
  readonly block: Block
  readonly #pages: ReadonlyMap<number, readonly PageRow[]>

  private constructor(block: Block, pages: ReadonlyMap<number, readonly PageRow[]>) {
    this.block = block
    this.#pages = pages
  }

  static async open(block: Block, table: StreamTable): Promise<LogBlock> {
    if (block.meta.format !== FORMAT)
      throw new Error(`log block ${block.id} has format ${String(block.meta.format)}, newest known is ${FORMAT}`)
    const shared = await block.section(INDEX)
    const bytes = new Uint8Array(shared) // TextDecoder refuses views of shared memory
    const view = new DataView(bytes.buffer)
    const decoder = new TextDecoder()
    const pages = new Map<number, readonly PageRow[]>()
    let at = 0
    while (at < bytes.length) {
      const size = view.getUint32(at, true)
      const stream = table.resolve(parseStreamLabels(decoder.decode(bytes.subarray(at + 4, at + 4 + size))))
      at += 4 + size
      const count = view.getUint32(at, true)
      at += 4
      const rows: PageRow[] = []
      for (let index = 0; index < count; index++, at += PAGE_ROW_BYTES) {
        rows.push({
          minNs: view.getBigUint64(at, true),
          maxNs: view.getBigUint64(at + 8, true),
          count: view.getUint32(at + 16, true),
          rawTextBytes: view.getUint32(at + 20, true),
          offset: Number(view.getBigUint64(at + 24, true)),
          columnsSize: view.getUint32(at + 32, true),
          textSize: view.getUint32(at + 36, true),
        })
      }
      pages.set(stream.id, rows)
      const newest = rows.reduce((max, row) => (row.maxNs > max ? row.maxNs : max), 0n)
      stream.newestSeconds = Math.max(stream.newestSeconds, Number(newest / 1_000_000_000n))
    }
    return new LogBlock(block, pages)
  }

  has(streamId: number): boolean {
    return this.#pages.has(streamId)
  }

  pagesOf(stream: StoredStream, window: { startNs: bigint; endNs: bigint }): LogPage[] {
    const found: LogPage[] = []
    for (const row of this.#pages.get(stream.id) ?? []) {
      if (row.maxNs < window.startNs || row.minNs > window.endNs) continue
      found.push({
        stream,
        minNs: row.minNs,
        maxNs: row.maxNs,
        count: row.count,
        open: async (needs) => {
          const end = row.offset + row.columnsSize + (needs.text ? row.textSize : 0)
          const bytes = await this.block.sectionRange(PAGES, row.offset, end)
          return unpackPage({
            columns: bytes.subarray(0, row.columnsSize),
            text: needs.text ? bytes.subarray(row.columnsSize) : undefined,
            rawTextBytes: row.rawTextBytes,
          })
        },
      })
    }
    return found
  }
}
