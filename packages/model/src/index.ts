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
export { classicToNative } from './metric/classic-histogram.ts'
export type { ClassicHistogram } from './metric/classic-histogram.ts'
export { hashLabels } from './labels-hash.ts'
export { exponentialBound, lowerBound, upperBound } from './metric/bucket-bounds.ts'
export {
  areHistogramsEqual,
  combineHistograms,
  compactHistogram,
  divideHistogram,
  IncompatibleHistogramsError,
  isReset,
  reduceResolution,
  scaleHistogram,
} from './metric/histogram-arithmetic.ts'
export type { HistogramSum } from './metric/histogram-arithmetic.ts'
export { histogramProblem } from './metric/histogram-check.ts'
export { limitBuckets, limitSchema, schemaOfFactor } from './metric/histogram-limits.ts'
export { allBuckets } from './metric/histogram-buckets.ts'
export type { Bucket } from './metric/histogram-buckets.ts'
export {
  CUSTOM_BUCKETS_SCHEMA,
  hasCustomBounds,
  MAX_SCHEMA,
  MIN_SCHEMA,
  NO_BUCKETS,
  RESET_GAUGE,
  RESET_NO,
  RESET_UNKNOWN,
  RESET_YES,
} from './metric/native-histogram.ts'
export type { HistogramBuckets, NativeHistogram, ResetHint } from './metric/native-histogram.ts'
export { detectedHint, storedHint } from './metric/reset-hint.ts'
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
export { otlpProtoToJson } from './wire/otlp-proto-json.ts'
export type { OtlpJsonForm } from './wire/otlp-proto-json.ts'
export {
  AttributeColumns,
  EVENT_NAME_KEY,
  EVENT_SCOPE,
  EVENT_TIME_KEY,
  FIELD_KEY,
  FIELD_KEYS,
  INSTRUMENTATION_SCOPE,
  LINK_SCOPE,
  LINK_SPAN_KEY,
  LINK_TRACE_KEY,
  RESOURCE_SCOPE,
  SPAN_SCOPE,
  SpanColumns,
  VALUE_ARRAY,
  VALUE_BOOL,
  VALUE_BYTES,
  VALUE_DOUBLE,
  VALUE_EMPTY,
  VALUE_INT,
  VALUE_KVLIST,
  VALUE_STRING,
} from './wire/otlp-trace-columns.ts'
export type { GroupRange } from './wire/otlp-trace-columns.ts'
export { OtlpTracesReader } from './wire/otlp-traces.ts'
export type {
  AttributeKey,
  Dictionary,
  RawGroup,
  RawSpan,
  SpanData,
  SpanSegment,
  TextColumn,
  TraceIndex,
  ValueColumn,
} from './trace/segment.ts'
export { SnappyDecoder, snappyDecode } from './wire/snappy.ts'
export { bucketsFromSpans, spansOf } from './wire/bucket-spans.ts'
export type { BucketSpan } from './wire/bucket-spans.ts'
export { writeNativeHistogram } from './wire/native-histogram-proto.ts'
export { readLabelPair, RemoteWriteReader } from './wire/remote-write.ts'
export type { LabelRange } from './wire/remote-write.ts'
export { RemoteWriteV2Reader } from './wire/remote-write-v2.ts'
export { WriteColumns } from './wire/write-columns.ts'
export type { WrittenExemplar, WrittenHistogram } from './wire/write-columns.ts'
export { LogBatch, metadataPairs } from './log/batch.ts'
export {
  formatStreamLabels,
  LabelsSyntaxError,
  parseStreamLabels,
  quoteLabelValue,
  unquoteLabelValue,
} from './log/stream-labels.ts'
export { LokiPushReader } from './wire/loki-push.ts'
export { lokiPushFromJson, LokiPushJsonError } from './wire/loki-push-json.ts'
export { OtlpMetricsReader } from './wire/otlp-metrics.ts'
export type {
  OtlpBuckets,
  OtlpExemplar,
  OtlpExponentialPoint,
  OtlpHistogramPoint,
  OtlpMetric,
  OtlpMetricData,
  OtlpNumberPoint,
  OtlpResourceMetrics,
  OtlpScopeMetrics,
  OtlpSummaryPoint,
  OtlpTemporality,
} from './wire/otlp-metrics.ts'
export { OtlpLogsReader } from './wire/otlp-logs.ts'
export type { OtlpLogRecord, OtlpLogsVisitor } from './wire/otlp-logs.ts'
export { FAMILY_TYPES, kindOf } from './metric/family.ts'
export type { FamilyLabel, FamilyMetric, FamilyType, FamilyValue, MetricFamily } from './metric/family.ts'
export { formatFamily } from './wire/family-format.ts'
export { escapeName, isLabelName, isMetricName, unescapeName } from './wire/family-names.ts'
export type { NameEscaping, NameRules } from './wire/family-names.ts'
export { readClientFamilies } from './wire/client-families.ts'
export type { ClientExemplar, ClientFamily, ClientHistogram, ClientMetric } from './wire/client-families.ts'
export { readDelimitedFamilies, writeDelimitedFamilies } from './wire/family-proto.ts'
export { FamilyTextError, labelsSignature, parseFamilies } from './wire/family-text.ts'
export { formatGoFloat, parseGoFloat } from './wire/go-float.ts'
export { goQuoteBytes } from './wire/go-quoted.ts'
