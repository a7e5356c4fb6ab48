import { ProtoReader, WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT, WireError } from './proto-reader.ts'
import { METADATA_TYPES, WriteColumns } from './write-columns.ts'

/**
 * Reads `prometheus.WriteRequest` (remote write v1) into columns without making an object per series or sample.
 *
 * A series' labels are the raw bytes of its label messages, tags included: `[seriesStart[i], seriesEnd[i])` of {@link bytes}.
 * They are not looked into here; {@link readLabelPair} does that, for series not seen before. Everything is valid until the
 * next {@link read} and as long as the input buffer.
 */
export class RemoteWriteReader extends WriteColumns {
  readonly #reader = new ProtoReader()
  /** How much of {@link bytes} is in use: behind the message lie labels that had to be brought together. */
  #used = 0

  /** @throws WireError when the message is malformed */
  read(bytes: Uint8Array): void {
    this.bytes = bytes
    this.#used = bytes.length
    this.clear()
    const reader = this.#reader.reset(bytes)
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) this.#readSeries(reader)
      else if (field === 3) this.#readMetadata(reader)
      else reader.skip()
    }
  }

  #readSeries(reader: ProtoReader): void {
    reader.expect(WIRE_BYTES, 'timeseries')
    const outer = reader.enter()
    const series = this.seriesCount
    const first = reader.position
    let last = first
    let isTogether = true
    for (;;) {
      const start = reader.position
      const field = reader.field()
      if (field === 0) break
      switch (field) {
        case 1:
          reader.expect(WIRE_BYTES, 'label')
          reader.range()
          if (start !== last) isTogether = false
          else last = reader.position
          break
        case 2:
          this.readSample(reader, series)
          break
        case 3:
          this.#readExemplar(reader, series)
          break
        case 4:
          this.readHistogram(reader, series)
          break
        default:
          reader.skip()
      }
    }
    this.addSeries(first, last)
    if (!isTogether) this.#gather(first, reader.end, series)
    reader.leave(outer)
  }

  #readExemplar(reader: ProtoReader, seriesIndex: number): void {
    reader.expect(WIRE_BYTES, 'exemplar')
    const outer = reader.enter()
    const pieces: number[] = []
    let value = 0
    let timeMs = 0
    for (
      let start = reader.position, field = reader.field();
      field !== 0;
      start = reader.position, field = reader.field()
    ) {
      if (field === 1) {
        reader.expect(WIRE_BYTES, 'exemplar label')
        reader.range()
        pieces.push(start, reader.position)
      } else if (field === 2) {
        reader.expect(WIRE_FIXED64, 'exemplar value')
        value = reader.double()
      } else if (field === 3) {
        reader.expect(WIRE_VARINT, 'exemplar timestamp')
        timeMs = reader.int64AsNumber()
      } else reader.skip()
    }
    reader.leave(outer)
    const [labelsStart, labelsEnd] = this.#join(pieces)
    this.exemplars.push({ seriesIndex, labelsStart, labelsEnd, value, timeMs })
  }

  #readMetadata(reader: ProtoReader): void {
    reader.expect(WIRE_BYTES, 'metadata')
    const outer = reader.enter()
    let type = 0
    let family = ''
    let help = ''
    let unit = ''
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) {
        reader.expect(WIRE_VARINT, 'metadata type')
        type = reader.uint32()
      } else if (field === 2 || field === 4 || field === 5) {
        reader.expect(WIRE_BYTES, 'metadata text')
        const text = reader.string()
        if (field === 2) family = text
        else if (field === 4) help = text
        else unit = text
      } else reader.skip()
    }
    reader.leave(outer)
    this.metadata.push({ family, type: METADATA_TYPES[type] ?? 'unknown', help, unit })
  }

  /** Brings labels that other fields lie between together, behind a copy of the message. */
  #gather(start: number, end: number, series: number): void {
    const pieces: number[] = []
    const scan = new ProtoReader(this.bytes, start, end)
    for (let at = scan.position, field = scan.field(); field !== 0; at = scan.position, field = scan.field()) {
      scan.skip()
      if (field === 1) pieces.push(at, scan.position)
    }
    const [from, to] = this.#join(pieces)
    this.seriesStart[series] = from
    this.seriesEnd[series] = to
  }

  #join(pieces: readonly number[]): [start: number, end: number] {
    if (pieces.length === 0) return [0, 0]
    let isTogether = true
    let size = pieces[1] - pieces[0]
    for (let index = 2; index < pieces.length; index += 2) {
      if (pieces[index] !== pieces[index - 1]) isTogether = false
      size += pieces[index + 1] - pieces[index]
    }
    if (isTogether) return [pieces[0], pieces[pieces.length - 1]]
    const start = this.#used
    if (start + size > this.bytes.length) {
      // Doubled, so that a message with many scattered labels is not copied for each of them.
      const copy = new Uint8Array(2 * (start + size))
      copy.set(this.bytes.subarray(0, start))
      this.bytes = copy
    }
    for (let index = 0; index < pieces.length; index += 2) {
      this.bytes.set(this.bytes.subarray(pieces[index], pieces[index + 1]), this.#used)
      this.#used += pieces[index + 1] - pieces[index]
    }
    return [start, this.#used]
  }
}

/** Byte ranges of one label message's name and value. */
export interface LabelRange {
  nameStart: number
  nameEnd: number
  valueStart: number
  valueEnd: number
}

/**
 * Reads the label message that begins at the reader's position, tag included, into `into`. Returns false at the end.
 * @throws WireError when it is malformed
 */
export function readLabelPair(reader: ProtoReader, into: LabelRange): boolean {
  const field = reader.field()
  if (field === 0) return false
  if (field !== 1) throw new WireError(`field ${field} among labels`, reader.position)
  reader.expect(WIRE_BYTES, 'label')
  const outer = reader.enter()
  into.nameStart = into.nameEnd = into.valueStart = into.valueEnd = reader.position
  for (let inner = reader.field(); inner !== 0; inner = reader.field()) {
    if (inner === 1) {
      reader.expect(WIRE_BYTES, 'label name')
      reader.range()
      into.nameStart = reader.rangeStart
      into.nameEnd = reader.rangeEnd
    } else if (inner === 2) {
      reader.expect(WIRE_BYTES, 'label value')
      reader.range()
      into.valueStart = reader.rangeStart
      into.valueEnd = reader.rangeEnd
    } else reader.skip()
  }
  reader.leave(outer)
  return true
}
