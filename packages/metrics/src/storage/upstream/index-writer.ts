import { compareText } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { crc32c } from '@quartet/storage'
import { ByteBuilder } from './byte-builder.ts'
import { INDEX_MAGIC, INDEX_VERSION, SERIES_ALIGNMENT } from './index-reader.ts'
import type { UpstreamChunkMeta } from './index-reader.ts'

export interface IndexedSeries {
  readonly labels: Labels
  readonly chunks: readonly UpstreamChunkMeta[]
}

/** Parts of a file are handed over when they are larger than this. */
const PART_BYTES = 1 << 20

/**
 * Writes upstream's `index` file, version 2, in parts that are valid until the next one is asked for.
 * @param series sorted by labels, each once
 */
export function* encodeIndex(series: readonly IndexedSeries[]): Generator<Uint8Array> {
  const file = new IndexFile()
  const symbols = collectSymbols(series)
  const numbers = new Map(symbols.map((symbol, number) => [symbol, number]))
  const toc: number[] = [file.position]
  file.section((body) => {
    body.uint32(symbols.length)
    for (const symbol of symbols) body.text(symbol)
  })
  yield* file.take()
  file.pad(SERIES_ALIGNMENT)
  toc.push(file.position)
  /** Series references by name, then value; both are sorted later. */
  const postings = new Map<string, Map<string, number[]>>()
  const all: number[] = []
  for (const one of series) {
    file.pad(SERIES_ALIGNMENT)
    const ref = file.position / SERIES_ALIGNMENT
    all.push(ref)
    file.series(one, numbers)
    for (const [name, value] of one.labels) notePosting(postings, name, value, ref)
    yield* file.take(PART_BYTES)
  }
  const names = [...postings.keys()].sort(compareText)
  const valuesOf = new Map(names.map((name) => [name, [...postings.get(name)!.keys()].sort(compareText)]))
  // Nobody reads the label indices any more, but Prometheus before 2.21 refuses a block without.
  file.pad(4)
  toc.push(file.position)
  const labelOffsets = new Map<string, number>()
  for (const name of names) {
    file.pad(4)
    labelOffsets.set(name, file.position)
    const values = valuesOf.get(name)!
    file.section((body) => {
      body.uint32(1).uint32(values.length)
      for (const value of values) body.uint32(numbers.get(value)!)
    })
    yield* file.take(PART_BYTES)
  }
  const postingsStart = file.pad(4)
  const postingOffsets: { name: string; value: string; offset: number }[] = []
  const writePostings = (name: string, value: string, refs: readonly number[]): void => {
    postingOffsets.push({ name, value, offset: file.pad(4) })
    file.section((body) => {
      body.uint32(refs.length)
      for (const ref of refs) body.uint32(ref)
    })
  }
  writePostings('', '', all)
  for (const name of names) {
    for (const value of valuesOf.get(name)!) {
      writePostings(name, value, postings.get(name)!.get(value)!)
      yield* file.take(PART_BYTES)
    }
  }
  toc.push(file.position)
  file.section((body) => {
    body.uint32(names.length)
    for (const name of names) body.uint8(1).text(name).uvarint(labelOffsets.get(name)!)
  })
  toc.push(postingsStart, file.position)
  file.section((body) => {
    body.uint32(postingOffsets.length)
    for (const { name, value, offset } of postingOffsets) body.uint8(2).text(name).text(value).uvarint(offset)
  })
  file.toc(toc)
  yield* file.take()
}

function collectSymbols(series: readonly IndexedSeries[]): string[] {
  // Upstream's reader counts on the empty string only for the postings of everything, which hold it as text.
  const symbols = new Set<string>()
  for (const { labels } of series) for (const [name, value] of labels) symbols.add(name).add(value)
  return [...symbols].sort(compareText)
}

function notePosting(postings: Map<string, Map<string, number[]>>, name: string, value: string, ref: number): void {
  let values = postings.get(name)
  if (!values) postings.set(name, (values = new Map()))
  const refs = values.get(value)
  if (refs) refs.push(ref)
  else values.set(value, [ref])
}

class IndexFile {
  readonly #bytes = new ByteBuilder().uint32(INDEX_MAGIC).uint8(INDEX_VERSION)
  readonly #body = new ByteBuilder()
  /** Bytes that were taken already. */
  #taken = 0

  get position(): number {
    return this.#taken + this.#bytes.length
  }

  /** Hands over what was written, if it is at least so much. */
  *take(atLeast = 0): Generator<Uint8Array> {
    if (this.#bytes.length < atLeast || this.#bytes.length === 0) return
    yield this.#bytes.view()
    this.#taken += this.#bytes.length
    this.#bytes.reset()
  }

  /** @returns the position after that */
  pad(alignment: number): number {
    while (this.position % alignment !== 0) this.#bytes.uint8(0)
    return this.position
  }

  /** Four bytes of length, the body, its checksum. */
  section(write: (body: ByteBuilder) => void): void {
    write(this.#body.reset())
    this.#bytes.uint32(this.#body.length).raw(this.#body.view())
    this.#bytes.uint32(crc32c(this.#body.view()))
  }

  series({ labels, chunks }: IndexedSeries, numbers: ReadonlyMap<string, number>): void {
    const body = this.#body.reset().uvarint(labels.length)
    for (const [name, value] of labels) body.uvarint(numbers.get(name)!).uvarint(numbers.get(value)!)
    body.uvarint(chunks.length)
    for (const [index, { minMs, maxMs, ref }] of chunks.entries()) {
      const before = chunks[index - 1]
      if (before === undefined)
        body
          .varint(minMs)
          .uvarint(maxMs - minMs)
          .uvarint(ref)
      else
        body
          .uvarint(minMs - before.maxMs)
          .uvarint(maxMs - minMs)
          .varint(ref - before.ref)
    }
    this.#bytes.uvarint(body.length).raw(body.view()).uint32(crc32c(body.view()))
  }

  toc([symbols, series, labelIndices, labelOffsets, postings, postingOffsets]: readonly number[]): void {
    const body = this.#body.reset()
    for (const at of [symbols, series, labelIndices, labelOffsets, postings, postingOffsets]) body.uint64(at)
    this.#bytes.raw(body.view()).uint32(crc32c(body.view()))
  }
}
