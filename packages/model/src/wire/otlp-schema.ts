/**
 * The messages of opentelemetry-proto v1.9.0 as tables, so that transcoding from JSON and validating protobuf are two small walks
 * over one description. Field numbers and names are the .proto files'.
 */
export type OtlpSignal = 'traces' | 'metrics' | 'logs'

export type ScalarKind =
  | 'string'
  | 'bytes'
  /** bytes that OTLP/JSON writes in hexadecimal: trace and span ids */
  | 'id'
  | 'bool'
  | 'double'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'int64'
  | 'uint64'
  | 'uint32'
  | 'sint32'
  | 'enum'

export interface FieldSchema {
  readonly number: number
  /** The JSON name, lowerCamelCase. */
  readonly name: string
  readonly kind: ScalarKind | 'message'
  readonly isRepeated: boolean
  /** For `message`; a thunk because AnyValue contains itself. */
  readonly message: (() => MessageSchema) | undefined
  /** For `enum`: number by name. */
  readonly values: ReadonlyMap<string, number> | undefined
}

export interface MessageSchema {
  readonly name: string
  /** By lowerCamelCase and by snake_case name. */
  readonly byName: ReadonlyMap<string, FieldSchema>
  /** By field number; holes are unknown fields. */
  readonly byNumber: readonly (FieldSchema | undefined)[]
  /** One of these is a span, a data point or a log record. */
  readonly isItem: boolean
  readonly isResource: boolean
}

type FieldSpec = readonly [
  number: number,
  snakeName: string,
  kind: ScalarKind | (() => MessageSchema) | ReadonlyMap<string, number>,
  repeated?: 'repeated',
]

function message(name: string, fields: readonly FieldSpec[], role?: 'item' | 'resource'): MessageSchema {
  const byName = new Map<string, FieldSchema>()
  const byNumber: (FieldSchema | undefined)[] = []
  for (const [number, snakeName, kind, repeated] of fields) {
    const camelName = snakeName.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    const field: FieldSchema = {
      number,
      name: camelName,
      kind: typeof kind === 'string' ? kind : typeof kind === 'function' ? 'message' : 'enum',
      isRepeated: repeated !== undefined,
      message: typeof kind === 'function' ? kind : undefined,
      values: kind instanceof Map ? kind : undefined,
    }
    byName.set(camelName, field).set(snakeName, field)
    byNumber[number] = field
  }
  return { name, byName, byNumber, isItem: role === 'item', isResource: role === 'resource' }
}

function numbered(...names: string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, index) => [name, index]))
}

const SPAN_KIND = numbered(
  'SPAN_KIND_UNSPECIFIED',
  'SPAN_KIND_INTERNAL',
  'SPAN_KIND_SERVER',
  'SPAN_KIND_CLIENT',
  'SPAN_KIND_PRODUCER',
  'SPAN_KIND_CONSUMER',
)
const STATUS_CODE = numbered('STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR')
const TEMPORALITY = numbered(
  'AGGREGATION_TEMPORALITY_UNSPECIFIED',
  'AGGREGATION_TEMPORALITY_DELTA',
  'AGGREGATION_TEMPORALITY_CUMULATIVE',
)
const SEVERITY = numbered(
  'SEVERITY_NUMBER_UNSPECIFIED',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((level) =>
    ['', '2', '3', '4'].map((grade) => `SEVERITY_NUMBER_${level}${grade}`),
  ),
)

const ANY_VALUE: MessageSchema = message('AnyValue', [
  [1, 'string_value', 'string'],
  [2, 'bool_value', 'bool'],
  [3, 'int_value', 'int64'],
  [4, 'double_value', 'double'],
  [5, 'array_value', () => ARRAY_VALUE],
  [6, 'kvlist_value', () => KEY_VALUE_LIST],
  [7, 'bytes_value', 'bytes'],
])
const ARRAY_VALUE = message('ArrayValue', [[1, 'values', () => ANY_VALUE, 'repeated']])
const KEY_VALUE = message('KeyValue', [
  [1, 'key', 'string'],
  [2, 'value', () => ANY_VALUE],
])
const KEY_VALUE_LIST = message('KeyValueList', [[1, 'values', () => KEY_VALUE, 'repeated']])
const ENTITY_REF = message('EntityRef', [
  [1, 'schema_url', 'string'],
  [2, 'type', 'string'],
  [3, 'id_keys', 'string', 'repeated'],
  [4, 'description_keys', 'string', 'repeated'],
])
const RESOURCE = message('Resource', [
  [1, 'attributes', () => KEY_VALUE, 'repeated'],
  [2, 'dropped_attributes_count', 'uint32'],
  [3, 'entity_refs', () => ENTITY_REF, 'repeated'],
])
const SCOPE = message('InstrumentationScope', [
  [1, 'name', 'string'],
  [2, 'version', 'string'],
  [3, 'attributes', () => KEY_VALUE, 'repeated'],
  [4, 'dropped_attributes_count', 'uint32'],
])

/** ResourceX { resource, scope_x { scope, x, schema_url }, schema_url } and the request around it: alike in every signal. */
function request(name: string, plural: string, itemName: string, item: () => MessageSchema): MessageSchema {
  const scoped = message(`Scope${name}`, [
    [1, 'scope', () => SCOPE],
    [2, itemName, item, 'repeated'],
    [3, 'schema_url', 'string'],
  ])
  const ofResource = message(
    `Resource${name}`,
    [
      [1, 'resource', () => RESOURCE],
      [2, `scope_${plural}`, () => scoped, 'repeated'],
      [3, 'schema_url', 'string'],
    ],
    'resource',
  )
  return message(`Export${name}ServiceRequest`, [[1, `resource_${plural}`, () => ofResource, 'repeated']])
}

const EVENT = message('Event', [
  [1, 'time_unix_nano', 'fixed64'],
  [2, 'name', 'string'],
  [3, 'attributes', () => KEY_VALUE, 'repeated'],
  [4, 'dropped_attributes_count', 'uint32'],
])
const LINK = message('Link', [
  [1, 'trace_id', 'id'],
  [2, 'span_id', 'id'],
  [3, 'trace_state', 'string'],
  [4, 'attributes', () => KEY_VALUE, 'repeated'],
  [5, 'dropped_attributes_count', 'uint32'],
  [6, 'flags', 'fixed32'],
])
const STATUS = message('Status', [
  [2, 'message', 'string'],
  [3, 'code', STATUS_CODE],
])
const SPAN = message(
  'Span',
  [
    [1, 'trace_id', 'id'],
    [2, 'span_id', 'id'],
    [3, 'trace_state', 'string'],
    [4, 'parent_span_id', 'id'],
    [5, 'name', 'string'],
    [6, 'kind', SPAN_KIND],
    [7, 'start_time_unix_nano', 'fixed64'],
    [8, 'end_time_unix_nano', 'fixed64'],
    [9, 'attributes', () => KEY_VALUE, 'repeated'],
    [10, 'dropped_attributes_count', 'uint32'],
    [11, 'events', () => EVENT, 'repeated'],
    [12, 'dropped_events_count', 'uint32'],
    [13, 'links', () => LINK, 'repeated'],
    [14, 'dropped_links_count', 'uint32'],
    [15, 'status', () => STATUS],
    [16, 'flags', 'fixed32'],
  ],
  'item',
)

const LOG_RECORD = message(
  'LogRecord',
  [
    [1, 'time_unix_nano', 'fixed64'],
    [2, 'severity_number', SEVERITY],
    [3, 'severity_text', 'string'],
    [5, 'body', () => ANY_VALUE],
    [6, 'attributes', () => KEY_VALUE, 'repeated'],
    [7, 'dropped_attributes_count', 'uint32'],
    [8, 'flags', 'fixed32'],
    [9, 'trace_id', 'id'],
    [10, 'span_id', 'id'],
    [11, 'observed_time_unix_nano', 'fixed64'],
    [12, 'event_name', 'string'],
  ],
  'item',
)

const EXEMPLAR = message('Exemplar', [
  [2, 'time_unix_nano', 'fixed64'],
  [3, 'as_double', 'double'],
  [4, 'span_id', 'id'],
  [5, 'trace_id', 'id'],
  [6, 'as_int', 'sfixed64'],
  [7, 'filtered_attributes', () => KEY_VALUE, 'repeated'],
])
const NUMBER_POINT = message(
  'NumberDataPoint',
  [
    [2, 'start_time_unix_nano', 'fixed64'],
    [3, 'time_unix_nano', 'fixed64'],
    [4, 'as_double', 'double'],
    [5, 'exemplars', () => EXEMPLAR, 'repeated'],
    [6, 'as_int', 'sfixed64'],
    [7, 'attributes', () => KEY_VALUE, 'repeated'],
    [8, 'flags', 'uint32'],
  ],
  'item',
)
const HISTOGRAM_POINT = message(
  'HistogramDataPoint',
  [
    [2, 'start_time_unix_nano', 'fixed64'],
    [3, 'time_unix_nano', 'fixed64'],
    [4, 'count', 'fixed64'],
    [5, 'sum', 'double'],
    [6, 'bucket_counts', 'fixed64', 'repeated'],
    [7, 'explicit_bounds', 'double', 'repeated'],
    [8, 'exemplars', () => EXEMPLAR, 'repeated'],
    [9, 'attributes', () => KEY_VALUE, 'repeated'],
    [10, 'flags', 'uint32'],
    [11, 'min', 'double'],
    [12, 'max', 'double'],
  ],
  'item',
)
const BUCKETS = message('Buckets', [
  [1, 'offset', 'sint32'],
  [2, 'bucket_counts', 'uint64', 'repeated'],
])
const EXPONENTIAL_POINT = message(
  'ExponentialHistogramDataPoint',
  [
    [1, 'attributes', () => KEY_VALUE, 'repeated'],
    [2, 'start_time_unix_nano', 'fixed64'],
    [3, 'time_unix_nano', 'fixed64'],
    [4, 'count', 'fixed64'],
    [5, 'sum', 'double'],
    [6, 'scale', 'sint32'],
    [7, 'zero_count', 'fixed64'],
    [8, 'positive', () => BUCKETS],
    [9, 'negative', () => BUCKETS],
    [10, 'flags', 'uint32'],
    [11, 'exemplars', () => EXEMPLAR, 'repeated'],
    [12, 'min', 'double'],
    [13, 'max', 'double'],
    [14, 'zero_threshold', 'double'],
  ],
  'item',
)
const VALUE_AT_QUANTILE = message('ValueAtQuantile', [
  [1, 'quantile', 'double'],
  [2, 'value', 'double'],
])
const SUMMARY_POINT = message(
  'SummaryDataPoint',
  [
    [2, 'start_time_unix_nano', 'fixed64'],
    [3, 'time_unix_nano', 'fixed64'],
    [4, 'count', 'fixed64'],
    [5, 'sum', 'double'],
    [6, 'quantile_values', () => VALUE_AT_QUANTILE, 'repeated'],
    [7, 'attributes', () => KEY_VALUE, 'repeated'],
    [8, 'flags', 'uint32'],
  ],
  'item',
)
const GAUGE = message('Gauge', [[1, 'data_points', () => NUMBER_POINT, 'repeated']])
const SUM = message('Sum', [
  [1, 'data_points', () => NUMBER_POINT, 'repeated'],
  [2, 'aggregation_temporality', TEMPORALITY],
  [3, 'is_monotonic', 'bool'],
])
const HISTOGRAM = message('Histogram', [
  [1, 'data_points', () => HISTOGRAM_POINT, 'repeated'],
  [2, 'aggregation_temporality', TEMPORALITY],
])
const EXPONENTIAL = message('ExponentialHistogram', [
  [1, 'data_points', () => EXPONENTIAL_POINT, 'repeated'],
  [2, 'aggregation_temporality', TEMPORALITY],
])
const SUMMARY = message('Summary', [[1, 'data_points', () => SUMMARY_POINT, 'repeated']])
const METRIC = message('Metric', [
  [1, 'name', 'string'],
  [2, 'description', 'string'],
  [3, 'unit', 'string'],
  [5, 'gauge', () => GAUGE],
  [7, 'sum', () => SUM],
  [9, 'histogram', () => HISTOGRAM],
  [10, 'exponential_histogram', () => EXPONENTIAL],
  [11, 'summary', () => SUMMARY],
  [12, 'metadata', () => KEY_VALUE, 'repeated'],
])

/** Export…ServiceRequest of each signal; TracesData, MetricsData and LogsData are the same on the wire. */
export const OTLP_REQUESTS: Readonly<Record<OtlpSignal, MessageSchema>> = {
  traces: request('Trace', 'spans', 'spans', () => SPAN),
  metrics: request('Metrics', 'metrics', 'metrics', () => METRIC),
  logs: request('Logs', 'logs', 'log_records', () => LOG_RECORD),
}
