import { anyValueText, formatStreamLabels, labelsFromPairs, OtlpLogsReader } from '@quartet/model'
import type { AnyValue, KeyValue, Label, LogBatch } from '@quartet/model'

/** Resource attributes that become stream labels by default; all others are structured metadata. */
export const INDEX_ATTRIBUTES: readonly string[] = [
  'service.name',
  'service.namespace',
  'service.instance.id',
  'deployment.environment',
  'deployment.environment.name',
  'cloud.region',
  'cloud.availability_zone',
  'k8s.cluster.name',
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.container.name',
  'container.name',
  'k8s.replicaset.name',
  'k8s.deployment.name',
  'k8s.statefulset.name',
  'k8s.daemonset.name',
  'k8s.cronjob.name',
  'k8s.job.name',
]
const NANOS = 1_000_000_000n
const MAX_SECONDS = 0xffffffffn

/** Turns an OTLP logs request into a batch as upstream's OTLP endpoint does. @throws WireError */
export function otlpLogsToBatch(
  bytes: Uint8Array,
  batch: LogBatch,
  options: { nowNs: bigint; indexAttributes?: readonly string[] },
): void {
  const index = new Set(options.indexAttributes ?? INDEX_ATTRIBUTES)
  let stream = 0
  let resourceMetadata: readonly Label[] = []
  let scopeMetadata: readonly Label[] = []
  new OtlpLogsReader().read(bytes, {
    resource(resource) {
      const labels: Label[] = []
      const metadata: Label[] = []
      for (const { key, value } of resource.attributes) flatten(key, value, index.has(key) ? labels : metadata)
      if (labels.length === 0) labels.push(['service_name', 'unknown_service'])
      stream = batch.addStream(formatStreamLabels(labelsFromPairs(labels)))
      resourceMetadata = metadata
      scopeMetadata = []
    },
    scope(scope) {
      const metadata: Label[] = []
      for (const { key, value } of scope.attributes) flatten(key, value, metadata)
      if (scope.name !== '') metadata.push(['scope_name', scope.name])
      if (scope.version !== '') metadata.push(['scope_version', scope.version])
      if (scope.droppedAttributesCount > 0)
        metadata.push(['scope_dropped_attributes_count', String(scope.droppedAttributesCount)])
      scopeMetadata = metadata
    },
    record(record) {
      const given =
        record.timeNs !== 0n ? record.timeNs : record.observedTimeNs !== 0n ? record.observedTimeNs : options.nowNs
      // A time that the store has no room for is refused as too new by the limits, not wrapped around.
      const seconds = given / NANOS > MAX_SECONDS ? MAX_SECONDS : given / NANOS
      batch.addTextEntry(stream, Number(seconds), Number(given % NANOS), record.body ? anyValueText(record.body) : '')
      const own: Label[] = []
      for (const { key, value } of record.attributes) flatten(key, value, own)
      if (record.observedTimeNs !== 0n) own.push(['observed_timestamp', String(record.observedTimeNs)])
      if (record.severityNumber !== 0) own.push(['severity_number', String(record.severityNumber)])
      if (record.severityText !== '') own.push(['severity_text', record.severityText])
      if (record.droppedAttributesCount > 0)
        own.push(['dropped_attributes_count', String(record.droppedAttributesCount)])
      if (record.flags !== 0) own.push(['flags', String(record.flags)])
      if (record.traceId !== '') own.push(['trace_id', record.traceId])
      if (record.spanId !== '') own.push(['span_id', record.spanId])
      if (record.eventName !== '') own.push(['event_name', record.eventName])
      for (const [name, value] of labelsFromPairs([...resourceMetadata, ...scopeMetadata, ...own]))
        batch.addMetadata(name, value)
    },
  })
}

/** Maps are flattened with `_`; everything else is its text. */
function flatten(key: string, value: AnyValue, target: Label[]): void {
  if (value.kind === 'kvlist') {
    for (const member of value.value as readonly KeyValue[]) flatten(`${key}_${member.key}`, member.value, target)
    return
  }
  target.push([normalizeName(key), anyValueText(value)])
}

/** A label name made of an attribute's: every other character is `_`, a leading digit gets `key_`. */
function normalizeName(name: string): string {
  const body = name.replace(/[^a-zA-Z0-9_]/gu, '_')
  if (/^[0-9]/.test(body)) return `key_${body}`
  return body.startsWith('_') && !body.startsWith('__') ? `key${body}` : body
}
