import { VALUE_BOOL, VALUE_DOUBLE, VALUE_INT } from '@quartet/model'
import { BlockWriter } from '@quartet/storage'
import type { FileSystem } from '@quartet/storage'
import { DictionaryBuilder } from './block-dictionary.ts'
import type { AttributeLog, GroupTable, Head } from './head.ts'
import { keyOfLogKey, scopeOfLogKey } from './head.ts'
import { packArrays, toDeltas, zip } from './packed-arrays.ts'

/** A page of raw spans holds whole traces and is closed when it has this much. */
const RAW_PAGE_BYTES = 64 << 10

/** One attribute column of a block, as meta.json lists it. */
export interface BlockKey {
  readonly scope: number
  readonly key: string
  readonly section: string
}

export interface BlockContentMeta {
  readonly spanCount: number
  readonly traceCount: number
  readonly resourceCount: number
  readonly scopeCount: number
  readonly minStartNs: string
  readonly maxEndNs: string
  readonly keys: readonly BlockKey[]
  /** The WAL's records before this segment are in this block or an older one; -1 when that is not known. */
  readonly walEnd: number
}

export interface EncodeOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly nowMs: number
  readonly walEnd: number
  /** Blocks that the new one stands for. */
  readonly replaces?: readonly string[]
}

/**
 * Writes a head that no longer changes as a block; layout in docs/format/block.md. Spans are ordered by trace id, so that the
 * rows of a trace lie together and its raw spans in one page.
 * @returns the id of the committed block
 */
export async function encodeBlock(head: Head, options: EncodeOptions): Promise<string> {
  const writer = await BlockWriter.create(options)
  try {
    const order = orderByTrace(head)
    await writeTraces(writer, head, order)
    await writeSpans(writer, head, order)
    await writeGroups(writer, 'resources', head.resources)
    await writeGroups(writer, 'scopes', head.scopes)
    const keys = await writeAttributes(writer, head, order)
    const meta: BlockContentMeta = {
      spanCount: head.spanCount,
      traceCount: head.traces.count,
      resourceCount: head.resources.count,
      scopeCount: head.scopes.count,
      minStartNs: String(head.minStartNs),
      maxEndNs: String(head.maxEndNs),
      keys,
      walEnd: options.walEnd,
    }
    return await writer.commit({
      minMs: Number(head.minStartNs / 1_000_000n),
      maxMs: Number(head.maxEndNs / 1_000_000n),
      ...meta,
      ...(options.replaces ? { replaces: options.replaces } : {}),
    })
  } catch (error) {
    await writer.abort()
    throw error
  }
}

interface Order {
  /** Head's trace numbers by trace id. */
  readonly traces: Uint32Array
  /** Head's rows, trace by trace. */
  readonly rows: Uint32Array
  /** The new row of each of the head's rows. */
  readonly newRow: Uint32Array
  /** First new row of each trace, and the end. */
  readonly firstRow: Uint32Array
}

function orderByTrace(head: Head): Order {
  const { traces } = head
  const sorted = new Uint32Array(traces.count)
  for (let trace = 0; trace < traces.count; trace++) sorted[trace] = trace
  sorted.sort((a, b) => Buffer.compare(traces.id(a), traces.id(b)))
  const place = new Uint32Array(traces.count)
  const firstRow = new Uint32Array(traces.count + 1)
  for (let index = 0; index < sorted.length; index++) place[sorted[index]] = index
  for (let row = 0; row < head.spanCount; row++) firstRow[place[head.trace[row]] + 1]++
  for (let index = 0; index < traces.count; index++) firstRow[index + 1] += firstRow[index]
  const next = firstRow.slice()
  const rows = new Uint32Array(head.spanCount)
  const newRow = new Uint32Array(head.spanCount)
  for (let row = 0; row < head.spanCount; row++) {
    const at = next[place[head.trace[row]]]++
    rows[at] = row
    newRow[row] = at
  }
  return { traces: sorted, rows, newRow, firstRow }
}

async function writeTraces(writer: BlockWriter, head: Head, order: Order): Promise<void> {
  const count = order.traces.length
  const ids = new Uint8Array(16 * count)
  const startNs = new BigUint64Array(count)
  const endNs = new BigUint64Array(count)
  const rootRow = new Int32Array(count)
  for (let index = 0; index < count; index++) {
    const trace = order.traces[index]
    ids.set(head.traces.id(trace), 16 * index)
    startNs[index] = head.traces.startNs[trace]
    endNs[index] = head.traces.endNs[trace]
    const root = head.traces.rootRow[trace]
    rootRow[index] = root < 0 ? -1 : order.newRow[root]
  }
  await writer.addSection('trace/ids', ids)
  const pages = await writeRaw(writer, head, order)
  await writer.addSection('trace/pages', new Uint8Array(pages.buffer))
  await writer.addSection('trace/times', await packArrays([toDeltas(order.firstRow), startNs, endNs, rootRow]))
}

/** Returns per trace its page, its offset in the unpacked page and its length. */
async function writeRaw(writer: BlockWriter, head: Head, order: Order): Promise<Uint32Array> {
  const places = new Uint32Array(3 * order.traces.length)
  const pageEnds: number[] = []
  let packedBytes = 0
  const page = new PageBuffer()
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    for (let trace = 0; trace < order.traces.length; trace++) {
      places[3 * trace] = pageEnds.length
      places[3 * trace + 1] = page.length
      for (let at = order.firstRow[trace]; at < order.firstRow[trace + 1]; at++) page.add(head, order.rows[at])
      places[3 * trace + 2] = page.length - places[3 * trace + 1]
      if (page.length < RAW_PAGE_BYTES && trace < order.traces.length - 1) continue
      const packed = await zip(page.take())
      packedBytes += packed.length
      pageEnds.push(packedBytes)
      yield packed
    }
  }
  await writer.addSection('raw', parts())
  await writer.addSection('raw/ends', new Uint8Array(new Uint32Array(pageEnds).buffer))
  return places
}

/** Raw spans, each behind its resource, scope and length; the buffer is used again for the next page. */
class PageBuffer {
  length = 0
  #bytes = new Uint8Array(2 * RAW_PAGE_BYTES)
  #view = new DataView(this.#bytes.buffer)

  add(head: Head, row: number): void {
    const size = head.rawBytes[row]
    if (this.length + 12 + size > this.#bytes.length) this.#grow(this.length + 12 + size)
    this.#view.setUint32(this.length, head.resource[row], true)
    this.#view.setUint32(this.length + 4, head.scope[row], true)
    this.#view.setUint32(this.length + 8, size, true)
    this.#bytes.set(head.raw.view(head.rawSlab[row], head.rawOffset[row], size), this.length + 12)
    this.length += 12 + size
  }

  /** The page, valid until the next `add`. */
  take(): Uint8Array {
    const page = this.#bytes.subarray(0, this.length)
    this.length = 0
    return page
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    bytes.set(this.#bytes.subarray(0, this.length))
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}

async function writeSpans(writer: BlockWriter, head: Head, { rows, traces }: Order): Promise<void> {
  const place = new Uint32Array(head.traces.count)
  for (let index = 0; index < traces.length; index++) place[traces[index]] = index
  const trace = permuted(head.trace, rows, new Uint32Array(rows.length))
  for (let at = 0; at < trace.length; at++) trace[at] = place[trace[at]]
  const put = async (name: string, ...arrays: ArrayBufferView[]): Promise<void> =>
    writer.addSection(`span/${name}`, await packArrays(arrays))
  await put('trace', toDeltas(trace))
  const start = new BigUint64Array(rows.length)
  for (let at = 0; at < rows.length; at++) start[at] = head.start[rows[at]]
  await put('start', start)
  await put('duration', permuted(head.duration, rows, new Float64Array(rows.length)))
  await put('kind', permuted(head.kind, rows, new Uint8Array(rows.length)))
  await put('status', permuted(head.status, rows, new Uint8Array(rows.length)))
  await put('name', ...texts(rows, head.name, head))
  await put('message', ...texts(rows, head.message, head))
  await put('spanId', ids(rows, head.spanId))
  await put('parentId', ids(rows, head.parentId))
  await put('resource', permuted(head.resource, rows, new Uint32Array(rows.length)))
  await put('scope', permuted(head.scope, rows, new Uint32Array(rows.length)))
}

/** Plain loops: `from` with a callback took ten times as long here. */
function permuted<T extends Uint8Array | Uint32Array | Float64Array>(source: T, rows: Uint32Array, into: T): T {
  for (let at = 0; at < rows.length; at++) into[at] = source[rows[at]]
  return into
}

function texts(rows: Uint32Array, column: Uint32Array, head: Head): ArrayBufferView[] {
  const dictionary = new DictionaryBuilder(head.values)
  const numbers = new Uint32Array(rows.length)
  for (let at = 0; at < rows.length; at++) numbers[at] = dictionary.number(column[rows[at]])
  const { starts, arena } = dictionary.finish()
  return [numbers, starts, arena]
}

function ids(rows: Uint32Array, column: Uint8Array): Uint8Array {
  const result = new Uint8Array(8 * rows.length)
  for (let at = 0; at < rows.length; at++) {
    for (let byte = 0; byte < 8; byte++) result[8 * at + byte] = column[8 * rows[at] + byte]
  }
  return result
}

async function writeGroups(writer: BlockWriter, name: string, table: GroupTable): Promise<void> {
  const starts = new Uint32Array(table.count + 1)
  const contents: Uint8Array[] = []
  for (let number = 0; number < table.count; number++) {
    contents.push(table.contents.bytes(number))
    starts[number + 1] = starts[number] + contents[number].length
  }
  const messageBytes = table.messageBytes.subarray(0, table.count)
  await writer.addSection(name, await packArrays([starts, messageBytes, Buffer.concat(contents)]))
}

async function writeAttributes(writer: BlockWriter, head: Head, order: Order): Promise<BlockKey[]> {
  const keys: BlockKey[] = []
  const owners = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, owner) => owner)
  const logs: { log: AttributeLog; order: Uint32Array; newRow: Uint32Array | undefined }[] = [
    { log: head.attributes, order: order.rows, newRow: order.newRow },
    { log: head.resources.attributes, order: owners(head.resources.count), newRow: undefined },
    { log: head.scopes.attributes, order: owners(head.scopes.count), newRow: undefined },
  ]
  for (const { log, newRow, order: ownersInOrder } of logs) {
    for (const [logged, entries] of entriesByKey(log, ownersInOrder)) {
      const scope = scopeOfLogKey(logged)
      const section = `attribute/${keys.length}`
      keys.push({ scope, key: head.keys[scope].text(keyOfLogKey(logged)), section })
      await writer.addSection(section, await packColumn(log, entries, newRow, head))
    }
  }
  return keys
}

/** The log's entries key by key, each in the order of the owners. The entries of one owner lie together in the log. */
function entriesByKey(log: AttributeLog, ownersInOrder: Uint32Array): Map<number, Uint32Array> {
  let maxKey = -1
  for (let index = 0; index < log.count; index++) if (log.key[index] > maxKey) maxKey = log.key[index]
  const counts = new Uint32Array(maxKey + 1)
  const firstEntry = new Uint32Array(ownersInOrder.length + 1)
  for (let index = 0; index < log.count; index++) {
    counts[log.key[index]]++
    firstEntry[log.owner[index] + 1]++
  }
  for (let owner = 0; owner < ownersInOrder.length; owner++) firstEntry[owner + 1] += firstEntry[owner]
  const lists = Array.from(counts, (count) => new Uint32Array(count))
  const filled = new Uint32Array(maxKey + 1)
  for (const owner of ownersInOrder) {
    for (let index = firstEntry[owner]; index < firstEntry[owner + 1]; index++) {
      const key = log.key[index]
      lists[key][filled[key]++] = index
    }
  }
  return new Map([...lists.entries()].filter(([, entries]) => entries.length > 0))
}

function packColumn(
  log: AttributeLog,
  entries: Uint32Array,
  newRow: Uint32Array | undefined,
  head: Head,
): Promise<Uint8Array> {
  const dictionary = new DictionaryBuilder(head.values)
  const rows = new Uint32Array(entries.length)
  const type = new Uint8Array(entries.length)
  const low = new Uint32Array(entries.length)
  const high = new Uint32Array(entries.length)
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at]
    const kind = log.type[entry]
    rows[at] = newRow === undefined ? log.owner[entry] : newRow[log.owner[entry]]
    type[at] = kind
    const isNumber = kind === VALUE_INT || kind === VALUE_DOUBLE || kind === VALUE_BOOL
    low[at] = isNumber ? log.low[entry] : dictionary.number(log.low[entry])
    high[at] = log.high[entry]
  }
  const { starts, arena } = dictionary.finish()
  return packArrays([toDeltas(rows), type, low, high, starts, arena])
}
