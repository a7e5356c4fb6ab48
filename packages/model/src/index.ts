export {
  compareLabels,
  compareText,
  labelValue,
  labelsFromPairs,
  labelsFromRecord,
  labelsKey,
  labelsToRecord,
  METRIC_NAME,
  NO_LABELS,
} from './labels.ts'
export type { Label, Labels } from './labels.ts'
export {
  decodeUtf8,
  isValidUtf8,
  ProtoReader,
  WIRE_BYTES,
  WIRE_FIXED32,
  WIRE_FIXED64,
  WIRE_VARINT,
  WireError,
} from './wire/proto-reader.ts'
export { ProtoWriter } from './wire/proto-writer.ts'
export { LimitError } from './metric/sink.ts'
export type { AppendReport, Exemplar, MetricMetadata, SampleBatch, SampleSink, SeriesRef } from './metric/sink.ts'
export { bitsOf, isStaleAt, writeStale } from './metric/stale.ts'
export { otlpJsonToProto, OtlpJsonError } from './wire/otlp-json.ts'
export { scanOtlp } from './wire/otlp-scan.ts'
export type { OtlpCounts } from './wire/otlp-scan.ts'
export type { OtlpSignal } from './wire/otlp-schema.ts'
export {
  anyValueText,
  anyValueToOtlpJson,
  doubleToJson,
  keyValuesToOtlpJson,
  NO_RESOURCE,
  NO_SCOPE,
  plainJson,
  readAnyValue,
  readInstrumentationScope,
  readKeyValue,
  readResource,
  writeAnyValue,
  writeKeyValue,
} from './wire/otlp-common.ts'
export type { AnyValue, InstrumentationScope, KeyValue, Resource } from './wire/otlp-common.ts'
