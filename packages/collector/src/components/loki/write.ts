import { labelsFromRecord } from '@quartet/model'
import { blocks, body, optionalBlock, type, withDefault, withoutEffect } from '../../graph/index.ts'
import type { ComponentDefinition, Decoded } from '../../graph/index.ts'
import { loadCredentials } from '../client-settings.ts'
import { loadTls } from '../tls-settings.ts'
import { endpointSchema } from './endpoint-settings.ts'
import { LokiEndpoint } from './endpoint.ts'
import { receiverExport } from './receiver.ts'
import type { LogsReceiver } from './receiver.ts'

const walSchema = body({
  enabled: withDefault(type.bool, false),
  max_segment_age: withDefault(type.duration, 3_600_000),
  min_read_frequency: withDefault(type.duration, 250),
  max_read_frequency: withDefault(type.duration, 1000),
  drain_timeout: withDefault(type.duration, 30_000),
})

const schema = body({
  endpoint: blocks(() => endpointSchema),
  external_labels: withDefault(type.map(type.text), {}),
  max_streams: withoutEffect(withDefault(type.count, 0), 'the number of streams in one push is not limited', 0),
  wal: withoutEffect(
    optionalBlock(() => walSchema),
    'lines always wait in a queue on disk, with and without it',
  ),
})

type Settings = Decoded<typeof schema>

/** Sends log lines to Loki. What it has taken over lies in a queue on disk per endpoint, with and without `wal`. */
export const lokiWrite: ComponentDefinition<Settings> = {
  name: 'loki.write',
  schema,
  build(context, first) {
    let endpoints: LokiEndpoint[] = []
    const receiver: LogsReceiver = {
      async push(entries) {
        if (endpoints.length === 0) throw new Error(`${context.id} is not running`)
        for (const endpoint of endpoints) await endpoint.push(entries)
      },
    }
    const start = async (settings: Settings): Promise<void> => {
      const externalLabels = labelsFromRecord(settings.external_labels)
      for (const [index, endpoint] of settings.endpoint.entries()) {
        const credentials = await loadCredentials(endpoint)
        const tls = await loadTls(endpoint.tls_config)
        const name = endpoint.name || `endpoint-${index + 1}`
        endpoints.push(await LokiEndpoint.open({ context, name, settings: endpoint, credentials, tls, externalLabels }))
      }
    }
    const stop = async (): Promise<void> => {
      const stopped = endpoints
      endpoints = []
      await Promise.all(stopped.map((endpoint) => endpoint.stop()))
    }
    return {
      exports: receiverExport(receiver),
      start: () => start(first),
      async update(settings) {
        await stop()
        await start(settings)
      },
      stop,
      debugInfo: () => new Map([['queued_requests', BigInt(endpoints.reduce((sum, { queued }) => sum + queued, 0))]]),
    }
  },
}
