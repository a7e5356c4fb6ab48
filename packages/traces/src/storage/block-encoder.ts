import { INSTRUMENTATION_SCOPE, RESOURCE_SCOPE, VALUE_BOOL, VALUE_DOUBLE, VALUE_INT } from '@quartet/model'
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
  let page: Uint8Array[] = []
  let pageBytes = 0
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    for (let trace = 0; trace < order.traces.length; trace++) {
      places[3 * trace] = pageEnds.length
      places[3 * trace + 1] = pageBytes
      for (let at = order.firstRow[trace]; at < order.firstRow[trace + 1]; at++) {
        const row = order.rows[at]
        const header = new Uint32Array([head.resource[row], head.scope[row], head.rawBytes[row]])
        page.push(
          new Uint8Array(header.buffer),
          head.raw.view(head.rawSlab[row], head.rawOffset[row], head.rawBytes[row]),
        )
        pageBytes += 12 + head.rawBytes[row]
      }
      places[3 * trace + 2] = pageBytes - places[3 * trace + 1]
      if (pageBytes < RAW_PAGE_BYTES && trace < order.traces.length - 1) continue
      const packed = await zip(Buffer.concat(page))
      packedBytes += packed.length
      pageEnds.push(packedBytes)
      page = []
      pageBytes = 0
      yield packed
    }
  }
  await writer.addSection('raw', parts())
  await writer.addSection('raw/ends', new Uint8Array(new Uint32Array(pageEnds).buffer))
  return places
}

async function writeSpans(writer: BlockWriter, head: Head, { rows, traces }: Order): Promise<void> {
  const place = new Uint32Array(head.traces.count)
  for (let index = 0; index < traces.length; index++) place[traces[index]] = index
  const words = (source: (row: number) => number): Uint32Array => Uint32Array.from(rows, source)
  const bytes = (source: Uint8Array): Uint8Array => Uint8Array.from(rows, (row) => source[row])
  const put = async (name: string, ...arrays: ArrayBufferView[]): Promise<void> =>
    writer.addSection(`span/${name}`, await packArrays(arrays))
  await put('trace', toDeltas(words((row) => place[head.trace[row]])))
  await put(
    'start',
    BigUint64Array.from({ length: rows.length }, (_, at) => head.start[rows[at]]),
  )
  await put(
    'duration',
    Float64Array.from(rows, (row) => head.duration[row]),
  )
  await put('kind', bytes(head.kind))
  await put('status', bytes(head.status))
  await put('name', ...texts(rows, head.name, head))
  await put('message', ...texts(rows, head.message, head))
  await put('spanId', ids(rows, head.spanId))
  await put('parentId', ids(rows, head.parentId))
  await put(
    'resource',
    words((row) => head.resource[row]),
  )
  await put(
    'scope',
    words((row) => head.scope[row]),
  )
}

function texts(rows: Uint32Array, column: Uint32Array, head: Head): ArrayBufferView[] {
  const dictionary = new DictionaryBuilder(head.values)
  const numbers = Uint32Array.from(rows, (row) => dictionary.number(column[row]))
  const { starts, arena } = dictionary.finish()
  return [numbers, starts, arena]
}

function ids(rows: Uint32Array, column: Uint8Array): Uint8Array {
  const result = new Uint8Array(8 * rows.length)
  for (let at = 0; at < rows.length; at++) {
    result.set(column.subarray(8 * rows[at], 8 * rows[at] + 8), 8 * at)
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
  await writer.addSection(
    name,
    await packArrays([starts, table.messageBytes.subarray(0, table.count), Buffer.concat(contents)]),
  )
}

async function writeAttributes(writer: BlockWriter, head: Head, order: Order): Promise<BlockKey[]> {
  const keys: BlockKey[] = []
  const logs: { log: AttributeLog; newRow: Uint32Array | undefined }[] = [
    { log: head.attributes, newRow: order.newRow },
    { log: head.resources.attributes, newRow: undefined },
    { log: head.scopes.attributes, newRow: undefined },
  ]
  for (const { log, newRow } of logs) {
    for (const [logged, entries] of entriesByKey(log)) {
      const scope = scopeOfLogKey(logged)
      if (newRow !== undefined && (scope === RESOURCE_SCOPE || scope === INSTRUMENTATION_SCOPE)) continue
      const section = `attribute/${keys.length}`
      keys.push({ scope, key: head.keys[scope].text(keyOfLogKey(logged)), section })
      await writer.addSection(section, await packColumn(log, entries, newRow, head))
    }
  }
  return keys
}

function entriesByKey(log: AttributeLog): Map<number, Uint32Array> {
  const counts = new Map<number, number>()
  for (let index = 0; index < log.count; index++) counts.set(log.key[index], (counts.get(log.key[index]) ?? 0) + 1)
  const entries = new Map<number, Uint32Array>()
  const filled = new Map<number, number>()
  for (const [key, count] of counts) entries.set(key, new Uint32Array(count))
  for (let index = 0; index < log.count; index++) {
    const key = log.key[index]
    const at = filled.get(key) ?? 0
    entries.get(key)![at] = index
    filled.set(key, at + 1)
  }
  return entries
}

function packColumn(
  log: AttributeLog,
  entries: Uint32Array,
  newRow: Uint32Array | undefined,
  head: Head,
): Promise<Uint8Array> {
  const rowOf = (entry: number): number => (newRow === undefined ? log.owner[entry] : newRow[log.owner[entry]])
  // Stable by row: the order of repeated entries of a span is kept.
  entries.sort((a, b) => rowOf(a) - rowOf(b) || a - b)
  const dictionary = new DictionaryBuilder(head.values)
  const isNumber = (type: number): boolean => type === VALUE_INT || type === VALUE_DOUBLE || type === VALUE_BOOL
  const rows = Uint32Array.from(entries, rowOf)
  const type = Uint8Array.from(entries, (entry) => log.type[entry])
  const low = Uint32Array.from(entries, (entry) =>
    isNumber(log.type[entry]) ? log.low[entry] : dictionary.number(log.low[entry]),
  )
  const high = Uint32Array.from(entries, (entry) => log.high[entry])
  const { starts, arena } = dictionary.finish()
  return packArrays([toDeltas(rows), type, low, high, starts, arena])
}
