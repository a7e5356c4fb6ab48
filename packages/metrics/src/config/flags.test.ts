import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '@quartet/runtime'
import { parseBytes } from './fields.ts'
import { METRICS_FLAGS, readSettings } from './flags.ts'

test('reads upstream flags with their defaults', () => {
  const settings = readSettings({ 'web.listen-address': ['127.0.0.1:1'], 'enable-feature': ['a,b', 'c'] })
  assert.equal(settings.lookbackMs, 300_000)
  assert.equal(settings.queryMaxSamples, 50_000_000)
  assert.equal(settings.retentionMs, 15 * 86_400_000)
  assert.equal(settings.enableRemoteWrite, true)
  assert.equal(settings.enableLifecycle, false)
  assert.deepEqual([...settings.features], ['a', 'b', 'c'])
})

test('reports every bad value', () => {
  assert.throws(
    () =>
      readSettings({ 'query.timeout': 'soon', 'query.max-samples': '-1', 'storage.tsdb.retention.size': '1 mouse' }),
    (error) => error instanceof ConfigError && error.problems.length === 3,
  )
})

test('reads sizes as upstream', () => {
  assert.equal(parseBytes('512MB'), 512 * 1024 ** 2)
  assert.equal(parseBytes('1.5KiB'), 1536)
  assert.equal(parseBytes('0'), 0)
  assert.equal(parseBytes('10XB'), undefined)
})

test('names each flag once', () => {
  const names = METRICS_FLAGS.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
})
