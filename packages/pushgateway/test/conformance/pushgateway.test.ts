import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { gzipSync } from 'node:zlib'
import { negotiateEscaping } from '../../src/api/exposition.ts'
import { splitLabels } from '../../src/ingest/grouping-key.ts'
import { snappyStream } from '../snappy-stream.ts'
import { withPushgateway } from '../support.ts'
import type { Pushgateway } from '../support.ts'
import { readFacts, runFamily } from './corpus.ts'
import type { Case, Fact } from './corpus.ts'

type Example = (gateway: Pushgateway, fact: Fact) => Promise<void>

const shown = async (gateway: Pushgateway): Promise<string> => (await gateway.pushed()).join('\n')

/** What must come of the README's examples, by their line in it. The others are no requests. */
const EXAMPLES: Readonly<Record<number, Example>> = {
  442: async (gateway) => {
    const packed = {
      gzip: gzipSync('some_metric 3.14\n'),
      snappy: await snappyStream(Buffer.from('some_metric 3.14\n')),
    }
    for (const [encoding, body] of Object.entries(packed)) {
      const path = '/metrics/job/some_job'
      assert.equal((await gateway.request('POST', path, body, { 'content-encoding': encoding })).status, 200)
    }
    assert.match(await shown(gateway), /^some_metric\{instance="",job="some_job"\} 3\.14$/m)
  },
  487: async (gateway, { text }) => {
    const [status, metrics] = [...text.matchAll(/^ *(\{[^]*?^ {8}\})/gm)].map(([, json]) => JSON.parse(json!))
    await gateway.request(
      'POST',
      '/metrics/job/batch',
      '# HELP my_job_duration_seconds Duration of my batch job in seconds\n# TYPE my_job_duration_seconds gauge\nmy_job_duration_seconds 0.2721322309989773\n',
    )
    const read = async (path: string): Promise<Fact> => JSON.parse((await gateway.request('GET', path)).text)
    const own = await read('/api/v1/metrics')
    // Times are when it was written down.
    for (const side of [own, metrics]) {
      for (const family of Object.values(side.data[0]) as Fact[]) if (family.time_stamp) family.time_stamp = 'T'
      side.data[0].push_time_seconds.metrics[0].value = 'T'
    }
    assert.deepEqual(own, metrics)
    const flags = (await read('/api/v1/status')).data.flags
    for (const name of Object.keys(status.data.flags)) {
      if (!name.startsWith('log.')) assert.ok(name in flags, `flag ${name}`)
    }
  },
  606: async (gateway, { text }) => {
    await gateway.request('POST', '/metrics/job/a', 'a 1\n')
    const own = (await gateway.request('GET', '/metrics')).text
    for (const [line] of text.matchAll(/^# .*$/gm)) assert.ok(own.includes(`${line}\n`), line)
  },
  115: async (gateway) => pushText(gateway, '/metrics/job/some_job', 'some_metric 3.14\n'),
  121: async (gateway, { text }) => {
    const body = text
      .split('\n')
      .slice(1, -2)
      .map((line: string) => line.trim() + '\n')
      .join('')
    await pushText(gateway, '/metrics/job/some_job/instance/some_instance', body)
    assert.match(await shown(gateway), /^another_metric\{instance="some_instance",job="some_job"\} 2398\.283$/m)
    assert.match(await shown(gateway), /^some_metric\{instance="some_instance",job="some_job",label="val1"\} 42$/m)
  },
  135: async (gateway) => deletes(gateway, '/metrics/job/some_job/instance/some_instance', '/metrics/job/some_job'),
  142: async (gateway) => deletes(gateway, '/metrics/job/some_job', '/metrics/job/some_job/instance/some_instance'),
  154: async (gateway) => pushText(gateway, '/metrics/job/MyJob', 'Some_Metric 3.14\n'),
  305: async (gateway) =>
    groups(gateway, '/metrics/job/directory_cleaner/path@base64/L3Zhci90bXA', {
      job: 'directory_cleaner',
      path: '/var/tmp',
    }),
  322: async (gateway) =>
    groups(gateway, '/metrics/job/example/first_label@base64/=/second_label/foobar', {
      first_label: '',
      job: 'example',
      second_label: 'foobar',
    }),
  327: async (gateway) =>
    groups(gateway, '/metrics/job/titan/name/%CE%A0%CF%81%CE%BF%CE%BC%CE%B7%CE%B8%CE%B5%CF%8D%CF%82', {
      job: 'titan',
      name: 'Προμηθεύς',
    }),
  331: async (gateway) =>
    groups(gateway, '/metrics/job/titan/name@base64/zqDPgc6_zrzOt864zrXPjc-C', { job: 'titan', name: 'Προμηθεύς' }),
  352: async (gateway) =>
    groups(gateway, '/metrics/job/example/U__foo_2e_bar/baz', { 'foo.bar': 'baz', job: 'example' }),
  356: async (gateway) =>
    groups(gateway, '/metrics/job/example/U__foo_2e_bar@base64/YmF6', { 'foo.bar': 'baz', job: 'example' }),
  146: async (gateway) => {
    await pushText(gateway, '/metrics/job/some_job', 'some_metric 3.14\n')
    assert.equal((await gateway.request('PUT', '/api/v1/admin/wipe')).status, 202)
    assert.equal(await shown(gateway), '')
  },
}

async function pushText(gateway: Pushgateway, path: string, body: string): Promise<void> {
  const { status, text } = await gateway.request('POST', path, body)
  assert.deepEqual([status, text], [200, ''])
}

async function groups(gateway: Pushgateway, path: string, labels: Record<string, string>): Promise<void> {
  await pushText(gateway, path, 'm 1\n')
  assert.deepEqual(JSON.parse((await gateway.request('GET', '/api/v1/metrics')).text).data[0].labels, labels)
}

async function deletes(gateway: Pushgateway, path: string, other: string): Promise<void> {
  for (const each of [path, other]) await pushText(gateway, each, 'm 1\n')
  assert.equal((await gateway.request('DELETE', path)).status, 202)
  const { data } = JSON.parse((await gateway.request('GET', '/api/v1/metrics')).text)
  assert.equal(data.length, 1)
  assert.equal('instance' in data[0].labels, other.includes('/instance/'))
}

const FLAGS = { 'push.enable-utf8-names': true, 'web.enable-admin-api': true }

describe('Pushgateway conformance', () => {
  runFamily('pushgateway url_labels', () =>
    readFacts('pushgateway/facts/url_labels.json').map(({ error, labels, name, path }): Case => ({
      id: name,
      run() {
        if (error) assert.throws(() => splitLabels(path, 'legacy'), { status: 400 })
        else assert.deepEqual(Object.fromEntries(splitLabels(path, 'legacy')), labels)
      },
    })),
  )
  runFamily('pushgateway doc_examples', () =>
    readFacts('pushgateway/facts/doc_examples.json').flatMap((fact): Case[] => {
      const example = EXAMPLES[fact.src_line]
      return example
        ? [{ id: String(fact.src_line), run: () => withPushgateway((gateway) => example(gateway, fact), FLAGS) }]
        : []
    }),
  )
  runFamily('exposition negotiate: escaping of text', () =>
    readFacts('exposition/facts/negotiate.json')
      .filter(({ accept }) => accept.startsWith('text/plain'))
      .map(({ accept, format, src_line: line }): Case => ({
        id: String(line),
        run: () =>
          assert.equal(`text/plain; version=0.0.4; charset=utf-8; escaping=${negotiateEscaping(accept)}`, format),
      })),
  )
})
