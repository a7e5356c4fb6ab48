import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError } from '@quartet/runtime'
import { loadTempoConfig } from './tempo-config.ts'

describe('tempo.yaml', () => {
  it('has upstream defaults', async () => {
    const { config } = await loadTempoConfig({ path: 'tempo.yaml', text: '{}' })
    assert.equal(config.httpListenPort, 3200)
    assert.equal(config.blockRetentionMs, 336 * 3_600_000)
    assert.equal(config.maxBytesPerTrace, 5_000_000)
    assert.equal(config.otlpHttp?.endpoint, ':4320')
  })

  it('opens only the receivers that are named', async () => {
    const text = 'distributor:\n  receivers:\n    otlp:\n      protocols:\n        http:\n'
    const { config } = await loadTempoConfig({ path: 'tempo.yaml', text })
    assert.equal(config.otlpGrpc, undefined)
    assert.equal(config.otlpHttp?.path, '/v1/traces')
  })

  it('reports every problem with its place', async () => {
    const text = 'server:\n  http_port: 1\ncompactor:\n  compaction:\n    block_retention: soon\n'
    await assert.rejects(loadTempoConfig({ path: 'tempo.yaml', text }), (error) => {
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.problems, [
        'tempo.yaml:2:3: error: unknown key "http_port" in "server"',
        'tempo.yaml:5:22: error: time: invalid duration "soon"',
      ])
      return true
    })
  })

  it('says what has no effect', async () => {
    const text = 'querier: {}\nstorage:\n  trace:\n    backend: s3\n'
    const { findings } = await loadTempoConfig({ path: 'tempo.yaml', text })
    assert.deepEqual(
      findings.map(({ at, severity }) => [at, severity]),
      [
        ['tempo.yaml:1:10', 'info'],
        ['tempo.yaml:4:14', 'warning'],
      ],
    )
  })
})
