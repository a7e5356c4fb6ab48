import type {
  AttributeKey,
  RawGroup,
  RawSpan,
  SpanData,
  SpanSegment,
  TextColumn,
  TraceIndex,
  ValueColumn,
} from '@quartet/model'
import type { Block } from '@quartet/storage'
import { BlockDictionary } from './block-dictionary.ts'
import type { BlockContentMeta, BlockKey } from './block-encoder.ts'
import { asBigs, asDoubles, asInts, asWords, fromDeltas, unpackArrays, unzip } from './packed-arrays.ts'

const ID_BYTES = 16

/** Reads a block that block-encoder.ts wrote. Sections are opened when they are needed, and checked then. */
export class BlockSegment implements SpanSegment {
  readonly id: string
  readonly block: Block
  readonly spanCount: number
  readonly resourceCount: number
  readonly scopeCount: number
  readonly sizeBytes: number
  readonly minStartNs: bigint
  readonly maxEndNs: bigint
  readonly keys: readonly AttributeKey[]
  readonly #sections = new Map<string, string>()
  readonly #traceCount: number

  constructor(block: Block) {
    const meta = block.meta as unknown as BlockContentMeta
    this.id = block.id
    this.block = block
    this.spanCount = meta.spanCount
    this.resourceCount = meta.resourceCount
    this.scopeCount = meta.scopeCount
    this.sizeBytes = block.sizeBytes
    this.minStartNs = BigInt(meta.minStartNs)
    this.maxEndNs = BigInt(meta.maxEndNs)
    this.#traceCount = meta.traceCount
    this.keys = meta.keys
    for (const { scope, key, section } of meta.keys as readonly BlockKey[])
      this.#sections.set(`${scope}/${key}`, section)
  }

  async span<N extends keyof SpanData>(name: N): Promise<SpanData[N]> {
    const arrays = unpackArrays(await this.block.section(`span/${name}`))
    return READERS[name](arrays) as SpanData[N]
  }

  async attribute(scope: number, key: string): Promise<ValueColumn | undefined> {
    const section = this.#sections.get(`${scope}/${key}`)
    if (section === undefined) return undefined
    const [rows, type, low, high, starts, arena] = unpackArrays(await this.block.section(section))
    return {
      count: type.length,
      rows: fromDeltas(asWords(rows)),
      type,
      low: asWords(low),
      high: asWords(high),
      dictionary: new BlockDictionary(asWords(starts), arena),
    }
  }

  async traces(): Promise<TraceIndex> {
    const ids = await this.block.section('trace/ids')
    const [deltas, startNs, endNs, rootRow] = unpackArrays(await this.block.section('trace/times'))
    const firstRow = fromDeltas(asWords(deltas))
    return {
      count: this.#traceCount,
      id: (trace) => ids.subarray(trace * ID_BYTES, trace * ID_BYTES + ID_BYTES),
      find: (id) => findId(ids, this.#traceCount, id),
      rows: (trace) =>
        Array.from({ length: firstRow[trace + 1] - firstRow[trace] }, (_, index) => firstRow[trace] + index),
      startNs: asBigs(startNs),
      endNs: asBigs(endNs),
      rootRow: asInts(rootRow),
    }
  }

  /** The number of a trace, or -1, without opening more than the sorted ids. */
  async findTrace(id: Uint8Array): Promise<number> {
    return findId(await this.block.section('trace/ids'), this.#traceCount, id)
  }

  async rawTrace(trace: number): Promise<readonly RawSpan[]> {
    const places = await this.#words('trace/pages', 3 * trace, 3)
    const page = places[0]
    const ends = await this.#words('raw/ends', Math.max(0, page - 1), page === 0 ? 1 : 2)
    const start = page === 0 ? 0 : ends[0]
    const packed = await this.block.sectionRange('raw', start, ends[page === 0 ? 0 : 1])
    const bytes = unzip(packed).subarray(places[1], places[1] + places[2])
    return readSpans(bytes, await this.#groups('resources'), await this.#groups('scopes'))
  }

  /** All spans, a page at a time, in the order of the rows. */
  async *rawPages(): AsyncGenerator<readonly RawSpan[]> {
    const resources = await this.#groups('resources')
    const scopes = await this.#groups('scopes')
    const ends = await this.#words('raw/ends', 0, this.block.sectionSize('raw/ends') / 4)
    for (let page = 0, start = 0; page < ends.length; start = ends[page++]) {
      yield readSpans(unzip(await this.block.sectionRange('raw', start, ends[page])), resources, scopes)
    }
  }

  async scopeMessages(): Promise<readonly Uint8Array[]> {
    const groupOf = await this.#groups('scopes')
    return Array.from({ length: this.scopeCount }, (_, number) => groupOf(number).message)
  }

  async #words(section: string, from: number, count: number): Promise<Uint32Array> {
    const bytes = await this.block.sectionRange(section, 4 * from, 4 * (from + count))
    return asWords(bytes.byteOffset % 4 === 0 ? bytes : bytes.slice())
  }

  async #groups(section: string): Promise<(number: number) => RawGroup> {
    const [starts, messageBytes, contents] = unpackArrays(await this.block.section(section))
    const at = asWords(starts)
    const lengths = asWords(messageBytes)
    const groups: RawGroup[] = []
    return (number) =>
      (groups[number] ??= {
        message: contents.subarray(at[number], at[number] + lengths[number]),
        schemaUrl: contents.subarray(at[number] + lengths[number], at[number + 1]),
      })
  }
}

function readSpans(
  bytes: Uint8Array,
  resources: (number: number) => RawGroup,
  scopes: (number: number) => RawGroup,
): RawSpan[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const spans: RawSpan[] = []
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at + 8, true)
    spans.push({
      resource: resources(view.getUint32(at, true)),
      scope: scopes(view.getUint32(at + 4, true)),
      span: bytes.subarray(at + 12, at + 12 + length),
    })
    at += 12 + length
  }
  return spans
}

const READERS: { readonly [N in keyof SpanData]: (arrays: Uint8Array[]) => SpanData[N] } = {
  trace: ([deltas]) => fromDeltas(asWords(deltas)),
  start: ([bytes]) => asBigs(bytes),
  duration: ([bytes]) => asDoubles(bytes),
  kind: ([bytes]) => bytes,
  status: ([bytes]) => bytes,
  name: textColumn,
  message: textColumn,
  spanId: ([bytes]) => bytes,
  parentId: ([bytes]) => bytes,
  resource: ([bytes]) => asWords(bytes),
  scope: ([bytes]) => asWords(bytes),
}

function textColumn([ids, starts, arena]: Uint8Array[]): TextColumn {
  return { ids: asWords(ids), dictionary: new BlockDictionary(asWords(starts), arena) }
}

/** Binary search among sorted ids. */
function findId(ids: Uint8Array, count: number, id: Uint8Array): number {
  let low = 0
  let high = count - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const order = Buffer.compare(ids.subarray(middle * ID_BYTES, middle * ID_BYTES + ID_BYTES), id)
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else high = middle - 1
  }
  return -1
}
