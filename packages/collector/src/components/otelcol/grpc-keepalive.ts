import { body, optional, optionalBlock, type, withoutEffect } from '../../graph/index.ts'
import type { Decoded } from '../../graph/index.ts'

const serverSchema = body({
  max_connection_idle: optional(type.duration),
  max_connection_age: optional(type.duration),
  max_connection_age_grace: optional(type.duration),
  time: optional(type.duration),
  timeout: optional(type.duration),
})

const enforcementSchema = body({
  min_time: optional(type.duration),
  permit_without_stream: optional(type.bool),
})

/** `keepalive` of gRPC servers. */
export const keepaliveSchema = body({
  server_parameters: optionalBlock(() => serverSchema),
  enforcement_policy: withoutEffect(
    optionalBlock(() => enforcementSchema),
    'clients may send keep-alive pings as often as they like',
  ),
})

/** The settings under grpc-js's names, which counts in milliseconds as this configuration does after decoding. */
export function connectionOptions(settings: {
  readonly max_concurrent_streams: number | undefined
  readonly keepalive: Decoded<typeof keepaliveSchema> | undefined
}): Record<string, number> {
  const server = settings.keepalive?.server_parameters
  const options = {
    'grpc.max_concurrent_streams': settings.max_concurrent_streams,
    'grpc.max_connection_idle_ms': server?.max_connection_idle,
    'grpc.max_connection_age_ms': server?.max_connection_age,
    'grpc.max_connection_age_grace_ms': server?.max_connection_age_grace,
    'grpc.keepalive_time_ms': server?.time,
    'grpc.keepalive_timeout_ms': server?.timeout,
  }
  return Object.fromEntries(
    Object.entries(options).filter((entry): entry is [string, number] => entry[1] !== undefined && entry[1] > 0),
  )
}
