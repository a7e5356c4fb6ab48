import { LogBatch } from '@quartet/model'
import type { LogPage } from '../query/source.ts'
import { OpenPage } from './open-page.ts'
import { packPage, unpackPage } from './page-codec.ts'
import type { PackedPage } from './page-codec.ts'
import type { StoredStream } from './stream-table.ts'

interface SealedPage {
  /** Until it is packed. */
  page: OpenPage | undefined
  packed: PackedPage | undefined
  packing: Promise<void> | undefined
}

interface StreamPages {
  readonly stream: StoredStream
  open: OpenPage | undefined
  readonly sealed: SealedPage[]
}

/** Entries since the last block was cut: one open page per stream, and the full ones behind it, packed off the ingest path. */
export class Head {
  readonly #streams = new Map<number, StreamPages>()
  readonly #onRepeated: () => void
  entries = 0
  #packedBytes = 0
  createdMs: number
  minSeconds = Number.MAX_SAFE_INTEGER
  maxSeconds = 0

  constructor(nowMs: number, onRepeated: () => void) {
    this.createdMs = nowMs
    this.#onRepeated = onRepeated
  }

  get streamCount(): number {
    return this.#streams.size
  }

  get sizeBytes(): number {
    let size = this.#packedBytes
    for (const pages of this.#streams.values()) {
      size += pages.open?.sizeBytes ?? 0
      for (const sealed of pages.sealed) size += sealed.page?.sizeBytes ?? 0
    }
    return size
  }

  has(streamId: number): boolean {
    return this.#streams.has(streamId)
  }

  append(
    stream: StoredStream,
    seconds: number,
    nanos: number,
    bytes: Uint8Array,
    lineStart: number,
    lineEnd: number,
    metadataEnd: number,
  ): boolean {
    let pages = this.#streams.get(stream.id)
    if (!pages) this.#streams.set(stream.id, (pages = { stream, open: undefined, sealed: [] }))
    const page = (pages.open ??= new OpenPage(this.#onRepeated))
    if (!page.append(seconds, nanos, bytes, lineStart, lineEnd, bytes, lineEnd, metadataEnd)) return false
    this.entries++
    if (seconds > stream.newestSeconds) stream.newestSeconds = seconds
    if (seconds > this.maxSeconds) this.maxSeconds = seconds
    if (seconds < this.minSeconds) this.minSeconds = seconds
    if (page.isFull) this.#seal(pages)
    return true
  }

  pagesOf(stream: StoredStream, window: { startNs: bigint; endNs: bigint }): LogPage[] {
    const pages = this.#streams.get(stream.id)
    if (!pages) return []
    const found: LogPage[] = []
    const offer = (bounds: { minNs: bigint; maxNs: bigint }, count: number, open: LogPage['open']): void => {
      if (bounds.maxNs >= window.startNs && bounds.minNs <= window.endNs) found.push({ stream, count, open, ...bounds })
    }
    for (const sealed of pages.sealed) {
      const { page, packed } = sealed
      if (packed)
        offer({ minNs: packed.minNs, maxNs: packed.maxNs }, packed.count, (needs) =>
          unpackPage({ ...packed, text: needs.text ? packed.text : undefined }),
        )
      else if (page) offer(page.bounds(), page.count, () => page.view())
    }
    const { open } = pages
    if (open && open.count > 0) offer(open.bounds(), open.count, () => open.view())
    return found
  }

  /** Packs everything and returns the pages of every stream; the head must not be appended to any more. */
  async seal(): Promise<{ stream: StoredStream; pages: PackedPage[] }[]> {
    const result: { stream: StoredStream; pages: PackedPage[] }[] = []
    for (const pages of this.#streams.values()) {
      if (pages.open && pages.open.count > 0) this.#seal(pages)
      const packed: PackedPage[] = []
      for (const sealed of pages.sealed) {
        await sealed.packing
        if (sealed.packed) packed.push(sealed.packed)
      }
      result.push({ stream: pages.stream, pages: packed })
    }
    return result
  }

  /** Appends all entries to another head, in one go so that nobody reads them twice or misses one. */
  copyTo(target: Head): void {
    for (const { stream, sealed, open } of this.#streams.values()) {
      const pages = sealed.flatMap(({ page, packed }) => (packed ? unpackPage(packed) : (page?.view() ?? [])))
      if (open) pages.push(open.view())
      for (const lines of pages) {
        for (let index = 0; index < lines.count; index++) {
          const start = index === 0 ? 0 : lines.lineEnds[index - 1]
          const end = lines.lineEnds[index]
          const batch = new LogBatch()
          batch.borrowText(lines.text)
          batch.addEntry(0, lines.seconds[index], lines.nanos[index], start, end)
          for (const [name, value] of lines.metadata(lines.metadataOf[index])) batch.addMetadata(name, value)
          const entry = Buffer.concat([
            lines.text.subarray(start, end),
            batch.metadata.subarray(0, batch.metadataLength),
          ])
          target.append(stream, lines.seconds[index], lines.nanos[index], entry, 0, end - start, entry.length)
        }
      }
    }
  }

  #seal(pages: StreamPages): void {
    const { open } = pages
    if (!open) return
    pages.open = undefined
    const sealed: SealedPage = { page: open, packed: undefined, packing: undefined }
    pages.sealed.push(sealed)
    const { columns, text } = open.columns()
    sealed.packing = packPage(columns, text).then((packed) => {
      sealed.packed = packed
      sealed.page = undefined
      this.#packedBytes += packed.columns.length + packed.text.length
    })
  }
}
