import { body, optionalBlock, required, type, withDefault, withoutEffect } from '../../graph/index.ts'
import type { Decoded } from '../../graph/index.ts'
import { clientMembers } from '../client-settings.ts'

const queueSchema = body({
  capacity: withDefault(type.byteSize, 10 * 1024 * 1024),
  min_shards: withDefault(type.count, 1),
  drain_timeout: withDefault(type.duration, 15_000),
})

/** The `endpoint` block of loki.write. */
export const endpointSchema = body(
  {
    url: required(type.text),
    name: withDefault(type.text, ''),
    headers: withDefault(type.map(type.text), {}),
    batch_wait: withDefault(type.duration, 1000),
    batch_size: withDefault(type.byteSize, 1024 * 1024),
    remote_timeout: withDefault(type.duration, 10_000),
    tenant_id: withDefault(type.text, ''),
    min_backoff_period: withDefault(type.duration, 500),
    max_backoff_period: withDefault(type.duration, 300_000),
    max_backoff_retries: withDefault(type.count, 10),
    retry_on_http_429: withDefault(type.bool, true),
    queue_config: withoutEffect(
      optionalBlock(() => queueSchema),
      'each endpoint has one sender and a queue on disk of at most 1 GiB',
    ),
    ...clientMembers,
  },
  ({ url }) => (URL.canParse(url) ? undefined : `url ${JSON.stringify(url)} is not a URL`),
)

export type LokiEndpointSettings = Decoded<typeof endpointSchema>
