import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionOptions } from './grpc-keepalive.ts'

test('what is written becomes an option of the connection; zero and absent stay out', () => {
  const server = {
    max_connection_idle: 1000,
    max_connection_age: 0,
    max_connection_age_grace: undefined,
    time: 2000,
    timeout: 500,
  }
  const keepalive = { server_parameters: server, enforcement_policy: undefined }
  assert.deepEqual(connectionOptions({ max_concurrent_streams: 7, keepalive }), {
    'grpc.max_concurrent_streams': 7,
    'grpc.max_connection_idle_ms': 1000,
    'grpc.keepalive_time_ms': 2000,
    'grpc.keepalive_timeout_ms': 500,
  })
  assert.deepEqual(connectionOptions({ max_concurrent_streams: undefined, keepalive: undefined }), {})
})
