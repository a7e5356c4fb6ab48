import { ProtoWriter, writeNativeHistogram } from '@quartet/model'
import type { Exemplar, Labels, MetricMetadata, NativeHistogram } from '@quartet/model'

/** Numbers of `prometheus.MetricMetadata.MetricType` (prompb/types.proto). */
const METADATA_TYPE: Readonly<Record<MetricMetadata['type'], number>> = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  gaugehistogram: 4,
  summary: 5,
  info: 6,
  stateset: 7,
}

/** The label fields of a `prometheus.TimeSeries`, encoded once per series. */
export function encodeSeriesLabels(labels: Labels): Uint8Array {
  const writer = new ProtoWriter(256)
  for (const label of labels) writeLabel(writer, label)
  return writer.toBytes()
}

function writeLabel(writer: ProtoWriter, [name, value]: readonly [string, string]): void {
  const start = writer.begin(1)
  writer.string(1, name).string(2, value)
  writer.finish(start)
}

/** Appends one `timeseries` with one sample to a `prometheus.WriteRequest`. `value` must not be a stale marker: see {@link writeStaleSample}. */
export function writeSample(writer: ProtoWriter, labels: Uint8Array, timeMs: number, value: number): void {
  const series = writer.begin(1)
  writer.raw(labels)
  const sample = writer.begin(2)
  writer.double(1, value).int64(2, timeMs)
  writer.finish(sample)
  writer.finish(series)
}

/** The same for a stale marker, whose bits do not survive being a JavaScript number. */
export function writeStaleSample(writer: ProtoWriter, labels: Uint8Array, timeMs: number): void {
  const series = writer.begin(1)
  writer.raw(labels)
  const sample = writer.begin(2)
  writer.fixed64(1, STALE_BITS).int64(2, timeMs)
  writer.finish(sample)
  writer.finish(series)
}

export function writeHistogram(
  writer: ProtoWriter,
  labels: Uint8Array,
  timeMs: number,
  histogram: NativeHistogram,
): void {
  const series = writer.begin(1)
  writer.raw(labels)
  const sample = writer.begin(4)
  writeNativeHistogram(writer, timeMs, histogram)
  writer.finish(sample)
  writer.finish(series)
}

const STALE_BITS = 0x7ff0000000000002n

export function writeExemplar(writer: ProtoWriter, labels: Uint8Array, exemplar: Exemplar): void {
  const series = writer.begin(1)
  writer.raw(labels)
  const start = writer.begin(3)
  for (const label of exemplar.labels) writeLabel(writer, label)
  writer.double(2, exemplar.value).int64(3, exemplar.timeMs)
  writer.finish(start)
  writer.finish(series)
}

export function writeMetadata(writer: ProtoWriter, metadata: MetricMetadata): void {
  const start = writer.begin(3)
  writer
    .uint(1, METADATA_TYPE[metadata.type])
    .string(2, metadata.family)
    .string(4, metadata.help)
    .string(5, metadata.unit)
  writer.finish(start)
}
