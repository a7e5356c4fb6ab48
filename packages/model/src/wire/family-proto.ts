import { FAMILY_TYPES, kindOf } from '../metric/family.ts'
import type { FamilyLabel, FamilyMetric, FamilyType, FamilyValue, MetricFamily } from '../metric/family.ts'
import { ProtoReader, WireError } from './proto-reader.ts'
import { ProtoWriter } from './proto-writer.ts'

/**
 * Reads length-delimited `io.prometheus.client.MetricFamily` messages; a later one of a name replaces an earlier one. Native
 * histograms keep their count and sum. @throws WireError
 */
export function readDelimitedFamilies(bytes: Uint8Array): Map<string, MetricFamily> {
  const reader = new ProtoReader(bytes)
  const families = new Map<string, MetricFamily>()
  while (reader.position < bytes.length) {
    const end = reader.enter()
    const family = readFamily(reader)
    reader.leave(end)
    families.set(family.name, family)
  }
  return families
}

/** The inverse of {@link readDelimitedFamilies}. */
export function writeDelimitedFamilies(families: Iterable<MetricFamily>, writer = new ProtoWriter()): ProtoWriter {
  const message = new ProtoWriter()
  for (const family of families) {
    writeFamily(message.reset(), family)
    writer.varint(message.length).raw(message.view())
  }
  return writer
}

function readFamily(reader: ProtoReader): MetricFamily {
  let name = ''
  let help: string | undefined
  let type: FamilyType = 'COUNTER'
  const metrics: Draft[] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) name = reader.string()
    else if (field === 2) help = reader.string()
    else if (field === 3) type = typeOf(reader.uint32(), reader.position)
    else if (field === 4) metrics.push(nested(reader, readMetric))
    else reader.skip()
  }
  // A metric without a value has the zero of its family's type.
  return { name, help, type, metrics: metrics.map((metric) => ({ ...metric, value: metric.value ?? zeroOf(type) })) }
}

function typeOf(number: number, position: number): FamilyType {
  const type = FAMILY_TYPES[number]
  if (type === undefined) throw new WireError(`metric type ${number} is unknown`, position)
  return type
}

function zeroOf(type: FamilyType): FamilyValue {
  const kind = kindOf(type)
  if (kind === 'summary') return { kind, count: 0, sum: 0, quantiles: [] }
  if (kind === 'histogram') return { kind, count: 0, sum: 0, buckets: [] }
  return { kind, value: 0 }
}

const SIMPLE_KINDS: Readonly<Record<number, 'gauge' | 'counter' | 'untyped'>> = {
  2: 'gauge',
  3: 'counter',
  5: 'untyped',
}

type Draft = Omit<FamilyMetric, 'value'> & { readonly value: FamilyValue | undefined }

function readMetric(reader: ProtoReader): Draft {
  const labels: FamilyLabel[] = []
  let timestampMs: number | undefined
  let value: FamilyValue | undefined
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    const simple = SIMPLE_KINDS[field]
    if (field === 1) labels.push(nested(reader, readLabel))
    else if (simple) value = { kind: simple, value: nested(reader, readSimple) }
    else if (field === 4) value = nested(reader, readSummary)
    else if (field === 7) value = nested(reader, readHistogram)
    else if (field === 6) timestampMs = reader.int64AsNumber()
    else reader.skip()
  }
  return { labels, timestampMs, value }
}

function readLabel(reader: ProtoReader): FamilyLabel {
  let [name, value] = ['', '']
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) name = reader.string()
    else if (field === 2) value = reader.string()
    else reader.skip()
  }
  return { name, value }
}

function readSimple(reader: ProtoReader): number {
  let value = 0
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) value = reader.double()
    else reader.skip()
  }
  return value
}

function readSummary(reader: ProtoReader): FamilyValue {
  const summary = { kind: 'summary' as const, count: 0, sum: 0, quantiles: [] as { quantile: number; value: number }[] }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) summary.count = Number(reader.uint64())
    else if (field === 2) summary.sum = reader.double()
    else if (field === 3) {
      const [quantile, value] = nested(reader, readPair)
      summary.quantiles.push({ quantile, value })
    } else reader.skip()
  }
  return summary
}

function readHistogram(reader: ProtoReader): FamilyValue {
  const histogram = {
    kind: 'histogram' as const,
    count: 0,
    sum: 0,
    buckets: [] as { upperBound: number; count: number }[],
  }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) histogram.count = Number(reader.uint64())
    else if (field === 4) histogram.count = reader.double()
    else if (field === 2) histogram.sum = reader.double()
    else if (field === 3) histogram.buckets.push(nested(reader, readBucket))
    else reader.skip()
  }
  return histogram
}

function readBucket(reader: ProtoReader): { upperBound: number; count: number } {
  let [count, upperBound] = [0, 0]
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) count = Number(reader.uint64())
    else if (field === 4) count = reader.double()
    else if (field === 2) upperBound = reader.double()
    else reader.skip()
  }
  return { upperBound, count }
}

function readPair(reader: ProtoReader): [number, number] {
  let [first, second] = [0, 0]
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) first = reader.double()
    else if (field === 2) second = reader.double()
    else reader.skip()
  }
  return [first, second]
}

function nested<T>(reader: ProtoReader, read: (reader: ProtoReader) => T): T {
  const end = reader.enter()
  const value = read(reader)
  reader.leave(end)
  return value
}

const VALUE_FIELDS: Readonly<Record<FamilyValue['kind'], number>> = {
  gauge: 2,
  counter: 3,
  summary: 4,
  untyped: 5,
  histogram: 7,
}

function writeFamily(writer: ProtoWriter, { help, metrics, name, type }: MetricFamily): void {
  writer.string(1, name)
  if (help !== undefined) writer.string(2, help)
  writer.uint(3, FAMILY_TYPES.indexOf(type))
  for (const { labels, timestampMs, value } of metrics) {
    const start = writer.begin(4)
    for (const label of labels) {
      const at = writer.begin(1)
      writer.string(1, label.name).string(2, label.value).finish(at)
    }
    const at = writer.begin(VALUE_FIELDS[value.kind])
    writeValue(writer, value)
    writer.finish(at)
    if (timestampMs !== undefined) writer.int64(6, timestampMs)
    writer.finish(start)
  }
}

function writeValue(writer: ProtoWriter, value: FamilyValue): void {
  switch (value.kind) {
    case 'summary':
      writer.uint(1, value.count).double(2, value.sum)
      for (const { quantile, value: at } of value.quantiles) {
        const start = writer.begin(3)
        writer.double(1, quantile).double(2, at).finish(start)
      }
      return
    case 'histogram':
      writeCount(writer, { whole: 1, float: 4 }, value.count)
      writer.double(2, value.sum)
      for (const { count, upperBound } of value.buckets) {
        const start = writer.begin(3)
        writeCount(writer, { whole: 1, float: 4 }, count)
        writer.double(2, upperBound).finish(start)
      }
      return
    default:
      writer.double(1, value.value)
  }
}

function writeCount(writer: ProtoWriter, fields: { whole: number; float: number }, count: number): void {
  if (Number.isSafeInteger(count)) writer.uint(fields.whole, count)
  else writer.double(fields.float, count)
}
