import { join } from 'node:path'

import { bitsOf, isStaleAt, labelsFromPairs, labelsKey, ProtoWriter } from '@quartet/model'
import type {
  AppendReport,
  Exemplar,
  Label,
  Labels,
  MetricMetadata,
  SampleBatch,
  SampleSink,
  SeriesRef,
} from '@quartet/model'
import type { Timer } from '@quartet/runtime'

import { relabel } from '../relabel/relabel.ts'
import { RemoteWriteEndpoint } from './endpoint.ts'
import type { EndpointServices, RemoteWriteEndpointConfig } from './endpoint.ts'
import {
  encodeSeriesLabels,
  writeExemplar,
  writeHistogram,
  writeMetadata,
  writeSample,
  writeStaleSample,
} from './write-request.ts'

const NOTHING_REFUSED: AppendReport = { outOfOrder: 0, tooOld: 0, duplicate: 0 }
/** Series that the sink remembers; beyond, all are forgotten and learnt again, so churn cannot fill the memory. */
const MAX_SERIES = 1_000_000

export interface RemoteWriteSinkOptions extends EndpointServices {
  readonly endpoints: readonly RemoteWriteEndpointConfig[]
  readonly externalLabels: Labels
  /** Holds one queue per endpoint. */
  readonly directory: string
}

/** Writes samples to remote-write receivers (protocol 1.0). `append` resolves once they are in every endpoint's queue on disk. */
export class RemoteWriteSink implements SampleSink {
  epoch = 0
  readonly #endpoints: readonly RemoteWriteEndpoint[]
  readonly #externalLabels: Labels
  readonly #byKey = new Map<string, SeriesRef>()
  /** Encoded labels per endpoint and series; undefined where `write_relabel_config` drops it. */
  readonly #encoded: (Uint8Array | undefined)[][]
  readonly #metadata = new Map<string, MetricMetadata>()
  readonly #timers: Timer[] = []
  /** Entries of {@link #metadata} that changed since they were last sent, per endpoint. */
  readonly #unsentMetadata: Set<string>[]
  #seriesCount = 0

  static async open(options: RemoteWriteSinkOptions): Promise<RemoteWriteSink> {
    const endpoints: RemoteWriteEndpoint[] = []
    for (const config of options.endpoints) {
      endpoints.push(
        await RemoteWriteEndpoint.open(config, join(options.directory, encodeURIComponent(config.name)), options),
      )
    }
    return new RemoteWriteSink(endpoints, options)
  }

  private constructor(endpoints: readonly RemoteWriteEndpoint[], options: RemoteWriteSinkOptions) {
    this.#endpoints = endpoints
    this.#externalLabels = options.externalLabels
    this.#encoded = endpoints.map(() => [])
    this.#unsentMetadata = endpoints.map(() => new Set())
    for (const [index, { config }] of endpoints.entries()) {
      if (config.metadataIntervalMs === undefined) continue
      const send = (): Promise<void> =>
        this.#sendMetadata(index).catch((error: Error) =>
          options.logger.warn({ remote: config.name, error: error.message }, 'metadata could not be queued'),
        )
      this.#timers.push(options.clock.every(config.metadataIntervalMs, () => void send()))
    }
  }

  resolve(labels: Labels): SeriesRef {
    const key = labelsKey(labels)
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    if (this.#seriesCount >= MAX_SERIES) this.#forget()
    const ref = this.#seriesCount++ as SeriesRef
    const complete = this.#withExternalLabels(labels)
    for (const [index, endpoint] of this.#endpoints.entries()) {
      const written = relabel(complete, endpoint.config.writeRelabelRules)
      this.#encoded[index][ref] = written && encodeSeriesLabels(written)
    }
    this.#byKey.set(key, ref)
    return ref
  }

  async append(batch: SampleBatch, exemplars: readonly Exemplar[] = []): Promise<AppendReport> {
    const outcomes = await Promise.allSettled(
      this.#endpoints.map((endpoint, index) => this.#enqueue(endpoint, this.#encoded[index], batch, exemplars)),
    )
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
    return NOTHING_REFUSED
  }

  describe(metadata: readonly MetricMetadata[]): void {
    for (const entry of metadata) {
      const known = this.#metadata.get(entry.family)
      if (known && known.type === entry.type && known.help === entry.help && known.unit === entry.unit) continue
      this.#metadata.set(entry.family, entry)
      for (const unsent of this.#unsentMetadata) unsent.add(entry.family)
    }
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel()
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.stop()))
  }

  #withExternalLabels(labels: Labels): Labels {
    if (this.#externalLabels.length === 0) return labels
    // Labels of the series win over external ones.
    return labelsFromPairs([...this.#externalLabels, ...labels] as Iterable<Label>)
  }

  async #enqueue(
    endpoint: RemoteWriteEndpoint,
    encoded: readonly (Uint8Array | undefined)[],
    batch: SampleBatch,
    exemplars: readonly Exemplar[],
  ): Promise<void> {
    const { maxSamplesPerSend, sendNativeHistograms } = endpoint.config
    const writer = new ProtoWriter(64 * 1024)
    const bits = bitsOf(batch.values)
    let samples = 0
    for (let index = 0; index < batch.count; index++) {
      const labels = encoded[batch.refs[index]]
      const histogram = batch.histograms?.[index]
      if (!labels || (histogram !== undefined && !sendNativeHistograms)) continue
      if (histogram !== undefined) writeHistogram(writer, labels, batch.timesMs[index], histogram)
      else if (isStaleAt(bits, index)) writeStaleSample(writer, labels, batch.timesMs[index])
      else writeSample(writer, labels, batch.timesMs[index], batch.values[index])
      if (++samples < maxSamplesPerSend) continue
      await endpoint.enqueue(writer.view(), samples)
      writer.reset()
      samples = 0
    }
    for (const exemplar of endpoint.config.sendExemplars ? exemplars : []) {
      const labels = encoded[exemplar.ref]
      if (labels) writeExemplar(writer, labels, exemplar)
    }
    if (writer.length > 0) await endpoint.enqueue(writer.view(), samples)
  }

  async #sendMetadata(index: number): Promise<void> {
    const endpoint = this.#endpoints[index]
    const families = [...this.#unsentMetadata[index]]
    this.#unsentMetadata[index].clear()
    const { maxMetadataPerSend } = endpoint.config
    for (let start = 0; start < families.length; start += maxMetadataPerSend) {
      const writer = new ProtoWriter()
      for (const family of families.slice(start, start + maxMetadataPerSend)) {
        const entry = this.#metadata.get(family)
        if (entry) writeMetadata(writer, entry)
      }
      await endpoint.enqueue(writer.view(), 0)
    }
  }

  #forget(): void {
    this.epoch++
    this.#byKey.clear()
    for (const column of this.#encoded) column.length = 0
    this.#seriesCount = 0
  }
}
