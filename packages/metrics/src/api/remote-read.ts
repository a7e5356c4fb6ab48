import type { ServerResponse } from 'node:http'
import { compareText, ProtoReader, ProtoWriter, snappyDecode, WireError, writeNativeHistogram } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import { createMatcher, RegexError } from '@quartet/query'
import type { Matcher, MatchOp } from '@quartet/query'
import { HttpError, readRawBody } from '@quartet/runtime'
import type { RawHandler } from '@quartet/runtime'
import { crc32c } from '@quartet/storage'
import type { QueryGate } from '../query/query-gate.ts'
import { SampleColumns } from '../query/source.ts'
import type { SeriesSource } from '../query/source.ts'
import { encodeChunks } from '../storage/upstream/chunk-encoder.ts'
import type { EncodedChunk } from '../storage/upstream/chunk-encoder.ts'
import { snappyEncode } from './snappy-encoder.ts'

const MAX_BODY_BYTES = 32 << 20
const SAMPLES = 0
const STREAMED_XOR_CHUNKS = 1
const OPS: readonly MatchOp[] = ['=', '!=', '=~', '!~']
/** Work goes on for so many series before others get their turn. */
const PAUSE_SERIES = 64

export interface RemoteReadOptions {
  readonly source: SeriesSource
  readonly externalLabels: () => Readonly<Record<string, string>>
  /** `--storage.remote.read-concurrent-limit` */
  readonly gate: QueryGate
  /** `--storage.remote.read-sample-limit`; 0 is none. For SAMPLES only. */
  readonly sampleLimit: number
  /** `--storage.remote.read-max-bytes-in-frame` */
  readonly maxFrameBytes: number
}

interface ReadQuery {
  readonly minMs: number
  readonly maxMs: number
  readonly matchers: readonly Matcher[]
}

/** `POST /api/v1/read`: remote read in both of upstream's response types. */
export function remoteReadHandler(options: RemoteReadOptions): RawHandler {
  return async (request, response) => {
    const body = await readRawBody(request, { maxBytes: MAX_BODY_BYTES })
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    await options.gate.run(gone.signal, async () => {
      const { queries, type } = readRequest(body)
      const run = { ...options, signal: gone.signal }
      if (type === STREAMED_XOR_CHUNKS) await stream(queries, run, response)
      else await sendSamples(queries, run, response)
    })
  }
}

function readRequest(body: Uint8Array): { queries: ReadQuery[]; type: number } {
  try {
    return decodeRequest(snappyDecode(body))
  } catch (error) {
    if (error instanceof WireError) throw new HttpError(400, error.message)
    // Upstream finds these when it runs the query, which is a failure of the server there.
    if (error instanceof RegexError) throw new HttpError(500, error.message)
    throw error
  }
}

function decodeRequest(bytes: Uint8Array): { queries: ReadQuery[]; type: number } {
  const reader = new ProtoReader(bytes)
  const queries: ReadQuery[] = []
  const accepted: number[] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) {
      const end = reader.enter()
      queries.push(decodeQuery(reader))
      reader.leave(end)
    } else if (field === 2) readPacked(reader, accepted)
    else reader.skip()
  }
  const type = accepted.length === 0 ? SAMPLES : accepted.find((one) => one === SAMPLES || one === STREAMED_XOR_CHUNKS)
  if (type === undefined) {
    const names = accepted.join(' ')
    throw new HttpError(
      400,
      `server does not support any of the requested response types: [${names}]; supported: map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]`,
    )
  }
  return { queries, type }
}

/** Repeated enums come packed or one by one. */
function readPacked(reader: ProtoReader, into: number[]): void {
  if (reader.wireType !== 2) {
    into.push(reader.uint32())
    return
  }
  const end = reader.enter()
  while (reader.position < reader.end) into.push(reader.uint32())
  reader.leave(end)
}

function decodeQuery(reader: ProtoReader): ReadQuery {
  let minMs = 0
  let maxMs = 0
  const matchers: Matcher[] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) minMs = reader.int64AsNumber()
    else if (field === 2) maxMs = reader.int64AsNumber()
    else if (field === 3) {
      const end = reader.enter()
      matchers.push(decodeMatcher(reader))
      reader.leave(end)
    } else reader.skip()
  }
  return { minMs, maxMs, matchers }
}

function decodeMatcher(reader: ProtoReader): Matcher {
  let type = 0
  let name = ''
  let value = ''
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) type = reader.uint32()
    else if (field === 2) name = reader.string()
    else if (field === 3) value = reader.string()
    else reader.skip()
  }
  const op = OPS[type]
  if (op === undefined) throw new HttpError(500, 'invalid matcher type')
  return createMatcher(name, op, value)
}

type Run = RemoteReadOptions & { readonly signal: AbortSignal }

async function sendSamples(queries: readonly ReadQuery[], run: Run, response: ServerResponse): Promise<void> {
  const writer = new ProtoWriter(64 << 10)
  let samples = 0
  for (const query of queries) {
    const result = writer.begin(1)
    for await (const { labels, columns } of seriesOf(query, run)) {
      samples += columns.count
      if (run.sampleLimit > 0 && samples > run.sampleLimit) {
        throw new HttpError(400, `exceeded sample limit (${run.sampleLimit})`)
      }
      writeSeries(writer, labels, columns)
    }
    writer.finish(result)
  }
  const body = snappyEncode(writer.view())
  response.writeHead(200, {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'content-length': body.length,
  })
  response.end(body)
}

function writeSeries(writer: ProtoWriter, labels: Labels, columns: SampleColumns): void {
  const { timesMs, values, bits, histograms, count } = columns
  const series = writer.begin(1)
  writeLabels(writer, labels)
  for (let at = 0; at < count; at++) {
    if (histograms?.[at] !== undefined) continue
    const sample = writer.begin(2)
    // By words: a NaN's bits tell a stale marker. Zeros are left out, as protobuf has it.
    if (values[at] !== 0) writer.fixed64(1, (BigInt(bits[2 * at + 1]) << 32n) | BigInt(bits[2 * at]))
    if (timesMs[at] !== 0) writer.int64(2, timesMs[at])
    writer.finish(sample)
  }
  for (let at = 0; at < (histograms?.length ?? 0); at++) {
    const histogram = histograms?.[at]
    if (histogram === undefined) continue
    const message = writer.begin(4)
    writeNativeHistogram(writer, timesMs[at], histogram)
    writer.finish(message)
  }
  writer.finish(series)
}

async function stream(queries: readonly ReadQuery[], run: Run, response: ServerResponse): Promise<void> {
  response.setHeader('content-type', 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse')
  const frame = new ProtoWriter(64 << 10)
  const head = new ProtoWriter(16)
  for (const [index, query] of queries.entries()) {
    for await (const { labels, columns } of seriesOf(query, run)) {
      const send = async (chunks: readonly EncodedChunk[]): Promise<void> => {
        writeFrame(frame.reset(), labels, chunks, index)
        head.reset().varint(frame.length)
        const prefix = Buffer.alloc(head.length + 4)
        prefix.set(head.view())
        prefix.writeUInt32BE(crc32c(frame.view()), head.length)
        if (!response.write(Buffer.concat([prefix, frame.view()]))) await drained(response, run.signal)
      }
      const labelBytes = labels.reduce((sum, [name, value]) => sum + name.length + value.length + 6, 0)
      let left = run.maxFrameBytes - labelBytes
      let chunks: EncodedChunk[] = []
      for (const chunk of encodeChunks(columns)) {
        chunks.push(chunk)
        left -= chunk.data.length + 20
        if (left > 0) continue
        await send(chunks)
        chunks = []
        left = run.maxFrameBytes - labelBytes
      }
      if (chunks.length > 0) await send(chunks)
    }
  }
  response.end()
}

function writeFrame(writer: ProtoWriter, labels: Labels, chunks: readonly EncodedChunk[], queryIndex: number): void {
  const series = writer.begin(1)
  writeLabels(writer, labels)
  for (const { encoding, data, minMs, maxMs } of chunks) {
    const chunk = writer.begin(2)
    writer.int64(1, minMs).int64(2, maxMs).uint(3, encoding).bytes(4, data)
    writer.finish(chunk)
  }
  writer.finish(series)
  if (queryIndex !== 0) writer.int64(2, queryIndex)
}

function writeLabels(writer: ProtoWriter, labels: Labels): void {
  for (const [name, value] of labels) {
    const label = writer.begin(1)
    writer.string(1, name).string(2, value)
    writer.finish(label)
  }
}

/** Resolves when the client has read enough; rejects when it is gone. */
function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    response.once('drain', () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Series of a query with the external labels that they lack. The columns are valid until the next one. */
async function* seriesOf(
  { minMs, maxMs, matchers }: ReadQuery,
  { source, externalLabels, signal }: Run,
): AsyncGenerator<{ labels: Labels; columns: SampleColumns }> {
  const external = externalLabels()
  // A client that asks for our external labels means all that we have.
  const own = matchers.filter(({ name, op, value }) => !(op === '=' && value !== '' && external[name] === value))
  const selection = await source.select({ matchers: own, minMs, maxMs, signal })
  const columns = new SampleColumns()
  try {
    for (const [index, series] of selection.series.entries()) {
      if (index % PAUSE_SERIES === PAUSE_SERIES - 1) await new Promise((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
      series.read(columns)
      if (columns.count > 0) yield { labels: withExternal(series.labels, external), columns }
    }
  } finally {
    selection.release()
  }
}

function withExternal(labels: Labels, external: Readonly<Record<string, string>>): Labels {
  const added = Object.entries(external).filter(([name]) => !labels.some(([own]) => own === name))
  if (added.length === 0) return labels
  return [...labels, ...(added as Label[])].sort((a, b) => compareText(a[0], b[0]))
}
