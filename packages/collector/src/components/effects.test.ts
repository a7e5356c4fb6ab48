import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { warnings } from '../../test/support/context.ts'
import type { BodySchema, ComponentDefinition } from '../graph/index.ts'
import { Capsule } from '../syntax/index.ts'
import { COMPONENTS } from './registry.ts'

/** What is accepted without effect, per component: configuration text and the warnings with their lines. */
const CASES: readonly [component: string, text: string, warnings: readonly string[]][] = [
  [
    'loki.write',
    `endpoint {
  url          = "http://a/"
  enable_http2 = true
  queue_config {
    min_shards = 4
  }
}
max_streams = 10
wal {
  enabled = true
}`,
    [
      '3: attribute "enable_http2" has no effect in Quartet: requests go out over HTTP/1.1',
      '4: block "queue_config" has no effect in Quartet: each endpoint has one sender and a queue on disk of at most 1 GiB',
      '8: attribute "max_streams" has no effect in Quartet: the number of streams in one push is not limited',
      '9: block "wal" has no effect in Quartet: lines always wait in a queue on disk, with and without it',
    ],
  ],
  ['loki.write', 'endpoint {\n url = "http://a/"\n enable_http2 = false\n}\nmax_streams = 0', []],
  [
    'prometheus.remote_write',
    `endpoint {
  url                    = "http://a/"
  send_exemplars         = false
  send_native_histograms = true
  metadata_config {
    send = false
  }
  queue_config {
    capacity             = 1
    max_shards           = 9
    min_shards           = 1
    max_samples_per_send = 100
  }
}`,
    [
      '9: attribute "capacity" has no effect in Quartet: samples wait in a queue on disk of at most 1 GiB for each endpoint',
      '10: attribute "max_shards" has no effect in Quartet: each endpoint has one sender, which keeps the samples in order',
    ],
  ],
  [
    'prometheus.scrape',
    'targets = []\nforward_to = []\nscrape_protocols = ["PrometheusText0.0.4"]\nextra_metrics = true\nclustering {\n enabled = true\n}',
    ['6: attribute "enabled" has no effect in Quartet: every collector works for itself'],
  ],
  [
    'otelcol.receiver.otlp',
    `grpc {
  include_metadata       = true
  max_concurrent_streams = 5
  keepalive {
    server_parameters {
      time = "1m"
    }
    enforcement_policy {
      min_time = "1m"
    }
  }
}
http {
  keep_alives_enabled = false
}
output { }`,
    [
      '2: attribute "include_metadata" has no effect in Quartet: no component reads the metadata of requests yet',
      '8: block "enforcement_policy" has no effect in Quartet: clients may send keep-alive pings as often as they like',
    ],
  ],
]

for (const [component, text, expected] of CASES) {
  test(`${component} says what has no effect (${expected.length} warnings)`, () => {
    assert.deepEqual(warnings(COMPONENTS.get(component)!, text), expected)
  })
}

/** Their names are put together from the signal's; or only the value that is acted on is accepted. */
const READ_OTHERWISE = /^((traces|metrics|logs)_(endpoint|url_path)|sizer|protobuf_message|location)$/

test('every attribute that is accepted is read somewhere, or warned about', () => {
  const source = sources(import.meta.dirname)
  const silent: string[] = []
  for (const definition of COMPONENTS.values()) {
    for (const name of attributes((definition as ComponentDefinition).schema)) {
      const uses = source.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0
      // Once in the schema, once where it is acted on.
      if (uses < 2 && !READ_OTHERWISE.test(name)) silent.push(`${definition.name}: ${name}`)
    }
  }
  assert.deepEqual(silent, [])
})

test('a wrong value is an error, and then no warning besides', () => {
  const place = { place: new Capsule('prometheus.Appendable', 'storage.Appendable', {}) }
  const text = 'targets = []\nforward_to = [place]\nscrape_classic_histograms = 7'
  assert.deepEqual(warnings(COMPONENTS.get('prometheus.scrape')!, text, place), [])
})

/** Names of attributes in all blocks, without those that are warned about or refused. */
function attributes(schema: BodySchema<unknown>): string[] {
  return Object.entries(schema.members).flatMap(([name, member]): string[] => {
    if (member.kind === 'attribute') return member.noEffect ? [] : [name]
    if (member.kind === 'block') return member.noEffect ? [] : attributes(member.body())
    if (member.kind === 'blocks') return attributes(member.body())
    if (member.kind !== 'stages') return []
    // stage.match holds all stages again.
    const bodies = Object.entries(member.bodies()).filter(([stage]) => stage !== 'stage.match')
    return bodies.flatMap(([, schema]) => attributes(schema))
  })
}

function sources(directory: string): string {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const modules = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  return modules.map((name) => readFileSync(join(directory, name), 'utf8')).join('\n')
}
