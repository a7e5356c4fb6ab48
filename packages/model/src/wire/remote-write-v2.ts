import { ProtoReader, WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from './proto-reader.ts'
import { METADATA_TYPES, WriteColumns } from './write-columns.ts'
import { readNumbers } from './native-histogram-proto.ts'

/**
 * Reads `io.prometheus.write.v2.Request` into the columns that version 1.0 has: label messages are put together from the symbols, so
 * that whoever knows series by these bytes knows them whichever version brings them.
 */
export class RemoteWriteV2Reader extends WriteColumns {
  /** When each series began, in milliseconds; 0 where the sender does not say. */
  createdMs = new Float64Array(64)
  /** What is wrong with the references of a series' labels, in upstream's words; such a series has no labels here. */
  readonly labelProblems = new Map<number, string>()
  readonly #reader = new ProtoReader()
  #input: Uint8Array = new Uint8Array(0)
  /** Where each symbol lies in the input. */
  #symbolStart: number[] = []
  #symbolEnd: number[] = []
  #used = 0
  readonly #refs: number[] = []

  /** @throws WireError when the message is malformed */
  read(input: Uint8Array): void {
    this.clear()
    this.labelProblems.clear()
    this.#input = input
    this.#used = 0
    this.#symbolStart.length = 0
    this.#symbolEnd.length = 0
    // Kept from one request to the next unless a large one came: views of it end with the request.
    if (this.bytes.length < 1024) this.bytes = new Uint8Array(1 << 16)
    const reader = this.#reader.reset(input)
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field !== 4) {
        reader.skip()
        continue
      }
      reader.expect(WIRE_BYTES, 'symbol')
      reader.range()
      this.#symbolStart.push(reader.rangeStart)
      this.#symbolEnd.push(reader.rangeEnd)
    }
    reader.reset(input)
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 5) this.#readSeries(reader)
      else reader.skip()
    }
  }

  #readSeries(reader: ProtoReader): void {
    reader.expect(WIRE_BYTES, 'timeseries')
    const outer = reader.enter()
    const series = this.seriesCount
    const labels = this.#refs
    labels.length = 0
    let createdMs = 0
    let metadata = NO_METADATA
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) readNumbers(reader, labels, (from) => from.uint32())
      else if (field === 2) this.readSample(reader, series)
      else if (field === 3) this.readHistogram(reader, series)
      else if (field === 4) this.#readExemplar(reader, series)
      else if (field === 5) metadata = this.#readMetadata(reader)
      else if (field === 6) createdMs = reader.int64AsNumber()
      else reader.skip()
    }
    reader.leave(outer)
    const start = this.#used
    const problem = this.#writeLabels(labels)
    if (problem !== undefined)
      this.labelProblems.set(series, `parsing labels for series [${labels.join(' ')}]: ${problem}`)
    this.addSeries(start, this.#used)
    if (series >= this.createdMs.length) {
      const grown = new Float64Array(2 * this.createdMs.length)
      grown.set(this.createdMs)
      this.createdMs = grown
    }
    this.createdMs[series] = createdMs
    if (metadata !== NO_METADATA && problem === undefined) this.#describe(labels, metadata)
  }

  #readExemplar(reader: ProtoReader, seriesIndex: number): void {
    reader.expect(WIRE_BYTES, 'exemplar')
    const outer = reader.enter()
    const labels: number[] = []
    let [value, timeMs] = [0, 0]
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) readNumbers(reader, labels, (from) => from.uint32())
      else if (field === 2) {
        reader.expect(WIRE_FIXED64, 'exemplar value')
        value = reader.double()
      } else if (field === 3) {
        reader.expect(WIRE_VARINT, 'exemplar timestamp')
        timeMs = reader.int64AsNumber()
      } else reader.skip()
    }
    reader.leave(outer)
    const labelsStart = this.#used
    if (this.#writeLabels(labels) !== undefined) return
    this.exemplars.push({ seriesIndex, labelsStart, labelsEnd: this.#used, value, timeMs })
  }

  #readMetadata(reader: ProtoReader): SeriesMetadata {
    reader.expect(WIRE_BYTES, 'metadata')
    const outer = reader.enter()
    let [type, help, unit] = [0, 0, 0]
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) type = reader.uint32()
      else if (field === 3) help = reader.uint32()
      else if (field === 4) unit = reader.uint32()
      else reader.skip()
    }
    reader.leave(outer)
    return { type, help, unit }
  }

  /** Metadata of a family comes with each of its series. */
  #describe(labels: readonly number[], { type, help, unit }: SeriesMetadata): void {
    if (type === 0 && help === 0 && unit === 0) return
    const at = labels.findIndex((ref, index) => index % 2 === 0 && this.#symbol(ref) === '__name__')
    if (at < 0) return
    const family = this.#symbol(labels[at + 1])
    if (this.metadata.at(-1)?.family === family) return
    const known = METADATA_TYPES[type] ?? 'unknown'
    this.metadata.push({ family, type: known, help: this.#symbol(help), unit: this.#symbol(unit) })
  }

  #symbol(ref: number): string {
    if (ref >= this.#symbolStart.length) return ''
    return Buffer.from(this.#input.buffer, this.#input.byteOffset).toString(
      'utf8',
      this.#symbolStart[ref],
      this.#symbolEnd[ref],
    )
  }

  /** Appends the label messages to {@link bytes}, or nothing and says why. */
  #writeLabels(refs: readonly number[]): string | undefined {
    if (refs.length % 2 !== 0) return `invalid labelRefs length ${refs.length}`
    const symbols = this.#symbolStart.length
    for (let index = 0; index < refs.length; index += 2) {
      const [name, value] = [refs[index], refs[index + 1]]
      if (name >= symbols || value >= symbols)
        return `labelRefs ${name} (name) = ${value} (value) outside of symbols table (size ${symbols})`
    }
    for (let index = 0; index < refs.length; index += 2) this.#writeLabel(refs[index], refs[index + 1])
    return undefined
  }

  #writeLabel(name: number, value: number): void {
    const nameLength = this.#symbolEnd[name] - this.#symbolStart[name]
    const valueLength = this.#symbolEnd[value] - this.#symbolStart[value]
    const size = 2 + varintSize(nameLength) + nameLength + varintSize(valueLength) + valueLength
    const needed = this.#used + size + 8
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(2 * needed)
      grown.set(this.bytes.subarray(0, this.#used))
      this.bytes = grown
    }
    this.bytes[this.#used++] = 0x0a
    this.#writeVarint(size)
    this.#writeSymbol(0x0a, name, nameLength)
    this.#writeSymbol(0x12, value, valueLength)
  }

  #writeSymbol(tag: number, ref: number, length: number): void {
    this.bytes[this.#used++] = tag
    this.#writeVarint(length)
    const start = this.#symbolStart[ref]
    if (length > 24) this.bytes.set(this.#input.subarray(start, start + length), this.#used)
    else for (let index = 0; index < length; index++) this.bytes[this.#used + index] = this.#input[start + index]
    this.#used += length
  }

  #writeVarint(value: number): void {
    let rest = value
    for (; rest > 127; rest >>>= 7) this.bytes[this.#used++] = (rest & 127) | 128
    this.bytes[this.#used++] = rest
  }
}

interface SeriesMetadata {
  readonly type: number
  readonly help: number
  readonly unit: number
}

const NO_METADATA: SeriesMetadata = { type: 0, help: 0, unit: 0 }

function varintSize(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : value < 268_435_456 ? 4 : 5
}
