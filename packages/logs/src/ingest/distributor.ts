import { labelsFromPairs, LabelsSyntaxError, metadataPairs, parseStreamLabels } from '@quartet/model'
import type { Label, Labels, LogBatch } from '@quartet/model'
import { formatStreamLabels } from '@quartet/model'
import type { Clock, SelfMetrics } from '@quartet/runtime'
import type { LogStore } from '../storage/log-store.ts'
import type { StoredStream } from '../storage/stream-table.ts'
import { LevelDetector, levelOfSeverity, normalizeLevel } from './level.ts'
import type { Limits } from '../config/limits.ts'

const TENANT = 'fake'
const LABEL_CACHE = 20_000
const SERVICE_NAME = 'service_name'
const UNKNOWN_SERVICE = 'unknown_service'
const AGGREGATED_METRIC = '__aggregated_metric__'
const PATTERN = '__pattern__'
const DETECTED_LEVEL = 'detected_level'

/** A push of which something was refused, or all of it. What was valid is stored; the status is upstream's. */
export class PushError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.name = 'PushError'
    this.status = status
  }
}

interface KnownStream {
  readonly labels: Labels
  readonly text: string
  /** Level from a stream label, '' when none has one. */
  readonly level: string
  readonly error: { reason: string; message: string } | undefined
}

/**
 * Validates a decoded batch line by line with upstream's limits and texts, adds `service_name` and `detected_level`, and stores
 * what is valid. Label texts are parsed once per distinct text.
 */
export class Distributor {
  readonly #store: LogStore
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #levels: LevelDetector
  readonly #levelNames: Set<string>
  readonly #known = new Map<string, KnownStream>()
  readonly #lines
  readonly #bytes
  readonly #discarded
  readonly #discardedBytes
  #tokens: number
  #refilledMs: number

  constructor(options: { store: LogStore; limits: Limits; clock: Clock; metrics: SelfMetrics }) {
    this.#store = options.store
    this.#limits = options.limits
    this.#clock = options.clock
    this.#levels = new LevelDetector(options.limits.logLevelFields)
    this.#levelNames = new Set(options.limits.logLevelFields)
    this.#tokens = options.limits.ingestionBurstBytes
    this.#refilledMs = options.clock.nowMs()
    const { metrics } = options
    this.#lines = metrics.counter(
      'loki_distributor_lines_received_total',
      'The total number of lines received per tenant',
      ['tenant'],
    )
    this.#bytes = metrics.counter(
      'loki_distributor_bytes_received_total',
      'The total number of uncompressed bytes received per tenant',
      ['tenant'],
    )
    this.#discarded = metrics.counter(
      'loki_discarded_samples_total',
      'The total number of samples that were discarded.',
      ['reason', 'tenant'],
    )
    this.#discardedBytes = metrics.counter(
      'loki_discarded_bytes_total',
      'The total number of bytes that were discarded.',
      ['reason', 'tenant'],
    )
  }

  /** @throws PushError when entries were refused; @throws what the store throws when it cannot write */
  async push(batch: LogBatch): Promise<void> {
    const limits = this.#limits
    const nowSeconds = this.#clock.nowMs() / 1000
    const oldest = limits.rejectOldSamples
      ? nowSeconds - limits.rejectOldSamplesMaxAgeMs / 1000
      : Number.NEGATIVE_INFINITY
    const newest = nowSeconds + limits.creationGracePeriodMs / 1000
    const streams = batch.streams.map((text) => this.#stream(text))
    const accepted = new Uint32Array(batch.count)
    const refused = new Refusals()
    const stored = streams.map((stream) => (stream.error ? undefined : this.#store.streams.find(stream.labels)))
    const admitted = this.#admitStreams(streams, stored, refused)
    let acceptedCount = 0
    let size = 0
    for (const [index, stream] of streams.entries())
      if (stream.error) refused.add(index, stream.error.reason, stream.error.message)
    const text = Buffer.from(batch.text.buffer, batch.text.byteOffset, batch.text.byteLength)
    for (let index = 0; index < batch.count; index++) {
      const streamIndex = batch.streamOf[index]
      const stream = streams[streamIndex]
      const bytes = batch.lineEnd[index] - batch.lineStart[index]
      const reason =
        stream.error?.reason ??
        admitted[streamIndex] ??
        this.#check(batch, index, stream, {
          oldest,
          newest,
          refused,
          lastSeconds: stored[streamIndex]?.newestSeconds ?? 0,
        })
      if (reason !== undefined) {
        this.#discarded.inc({ reason, tenant: TENANT })
        this.#discardedBytes.inc({ reason, tenant: TENANT }, bytes)
        continue
      }
      if (limits.discoverLogLevels) this.#addLevel(batch, index, stream, text)
      accepted[acceptedCount++] = index
      size += bytes + batch.metadataEnd[index] - batch.metadataStart[index]
    }
    if (acceptedCount > 0) {
      this.#takeTokens(acceptedCount, size)
      await this.#store.append(
        batch,
        streams.map((stream) => stream.text),
        accepted.subarray(0, acceptedCount),
      )
      this.#lines.inc({ tenant: TENANT }, acceptedCount)
      this.#bytes.inc({ tenant: TENANT }, size)
    }
    refused.throwIfAny()
  }

  /** Reads, checks and completes a stream's labels; the result is kept, whether good or bad. */
  #stream(text: string): KnownStream {
    const known = this.#known.get(text)
    if (known) return known
    const stream = this.#parseStream(text)
    if (this.#known.size >= LABEL_CACHE) this.#known.clear()
    this.#known.set(text, stream)
    return stream
  }

  #parseStream(text: string): KnownStream {
    const bad = (reason: string, message: string): KnownStream => ({
      labels: [],
      text,
      level: '',
      error: { reason, message },
    })
    let labels: Labels
    try {
      labels = parseStreamLabels(text)
    } catch (error) {
      if (error instanceof LabelsSyntaxError)
        return bad('invalid_labels', `error parsing labels '${text}' with error: ${error.message}`)
      throw error
    }
    if (labels.length === 0) return bad('missing_labels', 'error at least one label pair is required per stream')
    const limits = this.#limits
    if (labels.length > limits.maxLabelNamesPerSeries) {
      return bad(
        'max_label_names_per_series',
        `entry for stream '${text}' has ${labels.length} label names; limit ${limits.maxLabelNamesPerSeries}`,
      )
    }
    for (const [name, value] of labels) {
      if (name.length > limits.maxLabelNameLength)
        return bad('label_name_too_long', `stream '${text}' has label name too long: '${name}'`)
      if (value.length > limits.maxLabelValueLength)
        return bad('label_value_too_long', `stream '${text}' has label value too long: '${value}'`)
    }
    const complete = withServiceName(labels, limits.discoverServiceName)
    const level = complete.find(([name]) => this.#levelNames.has(name))?.[1]
    return {
      labels: complete,
      text: formatStreamLabels(complete),
      level: level === undefined ? '' : normalizeLevel(level),
      error: undefined,
    }
  }

  /** The reason for which each new stream over the limit is refused. */
  #admitStreams(
    streams: readonly KnownStream[],
    stored: readonly (StoredStream | undefined)[],
    refused: Refusals,
  ): (string | undefined)[] {
    const { maxGlobalStreams } = this.#limits
    if (maxGlobalStreams <= 0) return []
    let added = 0
    return streams.map((stream, index) => {
      if (stream.error || stored[index]) return undefined
      if (this.#store.streams.size + ++added <= maxGlobalStreams) return undefined
      refused.add(
        index,
        'stream_limit',
        `Maximum active stream limit exceeded when trying to create stream ${stream.text}, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: '${TENANT}'`,
        429,
      )
      return 'stream_limit'
    })
  }

  #check(
    batch: LogBatch,
    index: number,
    stream: KnownStream,
    bounds: { oldest: number; newest: number; refused: Refusals; lastSeconds: number },
  ): string | undefined {
    const limits = this.#limits
    const seconds = batch.seconds[index]
    const fail = (reason: string, message: string): string => {
      bounds.refused.add(batch.streamOf[index], reason, message)
      return reason
    }
    if (seconds < bounds.oldest) {
      return fail(
        'greater_than_max_sample_age',
        `entry for stream '${stream.text}' has timestamp too old: ${rfc3339(seconds)}, oldest acceptable timestamp is: ${rfc3339(bounds.oldest)}`,
      )
    }
    if (seconds > bounds.newest) {
      return fail('too_far_in_future', `entry for stream '${stream.text}' has timestamp too new: ${rfc3339(seconds)}`)
    }
    const bytes = batch.lineEnd[index] - batch.lineStart[index]
    if (bytes > limits.maxLineBytes) {
      if (limits.maxLineSizeTruncate) batch.lineEnd[index] = batch.lineStart[index] + limits.maxLineBytes
      else
        return fail(
          'line_too_long',
          `Max entry size '${limits.maxLineBytes}' bytes exceeded for stream '${stream.text}' while adding an entry with length '${bytes}' bytes`,
        )
    }
    const metadataBytes = batch.metadataEnd[index] - batch.metadataStart[index]
    if (metadataBytes > 0) {
      if (!limits.allowStructuredMetadata) {
        return fail(
          'disallowed_structured_metadata',
          `stream '${stream.text}' includes structured metadata, but this feature is disallowed. Please see \`limits_config.allow_structured_metadata\` or contact your Loki administrator to enable it`,
        )
      }
      if (metadataBytes > limits.maxStructuredMetadataBytes) {
        return fail(
          'structured_metadata_too_large',
          `stream '${stream.text}' has structured metadata too large: '${metadataBytes}' bytes, limit: '${limits.maxStructuredMetadataBytes}' bytes. Please see \`limits_config.max_structured_metadata_size\` or contact your Loki administrator to increase it`,
        )
      }
      const pairs =
        metadataBytes < limits.maxStructuredMetadataEntries * 2
          ? 0
          : metadataPairs(batch.metadata, batch.metadataStart[index], batch.metadataEnd[index]).length
      if (pairs > limits.maxStructuredMetadataEntries) {
        return fail(
          'structured_metadata_too_many',
          `stream '${stream.text}' has too many structured metadata labels: '${pairs}', limit: '${limits.maxStructuredMetadataEntries}'. Please see \`limits_config.max_structured_metadata_entries_count\` or contact your Loki administrator to increase it`,
        )
      }
    }
    const windowEnd = bounds.lastSeconds
    if (seconds < windowEnd - limits.outOfOrderWindowMs / 1000) {
      return fail(
        'too_far_behind',
        `entry too far behind, entry timestamp is: ${rfc3339(seconds)}, oldest acceptable timestamp is: ${rfc3339(windowEnd - limits.outOfOrderWindowMs / 1000)}`,
      )
    }
    return undefined
  }

  #addLevel(batch: LogBatch, index: number, stream: KnownStream, text: Buffer): void {
    if (stream.level !== '') {
      batch.extendMetadata(index, DETECTED_LEVEL, stream.level)
      return
    }
    const start = batch.metadataStart[index]
    const end = batch.metadataEnd[index]
    if (end > start) {
      const pairs = metadataPairs(batch.metadata, start, end)
      if (pairs.some(([name]) => name === DETECTED_LEVEL)) return
      const field = pairs.find(([name]) => this.#levelNames.has(name))
      const severity = pairs.find(([name]) => name === 'severity_number')
      if (field || severity) {
        batch.extendMetadata(
          index,
          DETECTED_LEVEL,
          field ? normalizeLevel(field[1]) : levelOfSeverity(Number(severity?.[1])),
        )
        return
      }
    }
    batch.extendMetadata(index, DETECTED_LEVEL, this.#levels.detect(text, batch.lineStart[index], batch.lineEnd[index]))
  }

  #takeTokens(lines: number, bytes: number): void {
    const nowMs = this.#clock.nowMs()
    const { ingestionRateBytes, ingestionBurstBytes } = this.#limits
    this.#tokens = Math.min(
      ingestionBurstBytes,
      this.#tokens + ((nowMs - this.#refilledMs) / 1000) * ingestionRateBytes,
    )
    this.#refilledMs = nowMs
    if (bytes > this.#tokens) {
      this.#discarded.inc({ reason: 'rate_limited', tenant: TENANT }, lines)
      this.#discardedBytes.inc({ reason: 'rate_limited', tenant: TENANT }, bytes)
      throw new PushError(
        429,
        `ingestion rate limit exceeded for user ${TENANT} (limit: ${ingestionRateBytes} bytes/sec) while attempting to ingest '${lines}' lines totaling '${bytes}' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased`,
      )
    }
    this.#tokens -= bytes
  }
}

/** Upstream's discovery: the first of the known labels names the service. */
function withServiceName(labels: Labels, candidates: readonly string[]): Labels {
  if (candidates.length === 0) return labels
  const names = new Map<string, string>(labels)
  if (names.has(SERVICE_NAME) || names.has(AGGREGATED_METRIC) || names.has(PATTERN)) return labels
  const found = candidates.find((name) => names.has(name))
  const pair: Label = [SERVICE_NAME, found === undefined ? UNKNOWN_SERVICE : (names.get(found) ?? UNKNOWN_SERVICE)]
  return labelsFromPairs([...labels, pair])
}

function rfc3339(seconds: number): string {
  return new Date(Math.trunc(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}

/** The first refusal of each stream and reason, for the answer. */
class Refusals {
  readonly #messages = new Map<string, string>()
  #status = 400

  add(stream: number, reason: string, message: string, status = 400): void {
    const key = `${stream}/${reason}`
    if (this.#messages.size < 10 && !this.#messages.has(key)) this.#messages.set(key, message)
    if (status !== 400) this.#status = status
  }

  throwIfAny(): void {
    if (this.#messages.size > 0) throw new PushError(this.#status, [...this.#messages.values()].join('\n'))
  }
}
