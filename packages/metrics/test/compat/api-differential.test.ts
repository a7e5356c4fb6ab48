import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { Random } from './random.ts'
import { randomSeries, SPAN_MS, START_MS } from './random-series.ts'
import { hasUpstream, startQuartet, startUpstream, UPSTREAM_BINARY, writeSeries } from './servers.ts'
import type { Server } from './servers.ts'

/**
 * The HTTP side of the API, request by request, against a real Prometheus. Not asked: what 2.42 and 3.x differ in (UTF-8 label
 * names, the parameter's name in front of more errors, fields that came later), and where Quartet differs on purpose: HEAD is
 * answered wherever GET is, and answers of a few bytes are not compressed.
 */
const SEED = Number(process.env.QUARTET_SEED ?? 20261123)
const skip = hasUpstream ? false : `no ${UPSTREAM_BINARY} here: nothing to compare with`
if (skip !== false) console.log(`API differential test skipped: ${skip}`)

let servers: Server[] = []

before(async () => {
  if (skip !== false) return
  servers = await Promise.all([startUpstream(), startQuartet()])
  await writeSeries(servers, randomSeries(new Random(SEED)))
})

after(() => Promise.all(servers.map((server) => server.stop())))

interface Call {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

interface Seen {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** By node:http, as fetch would undo the compression and hide the headers of CORS. */
function send(server: Server, { method = 'GET', path, headers = {}, body }: Call): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        const isGzip = response.headers['content-encoding'] === 'gzip'
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: (isGzip ? gunzipSync(bytes) : bytes).toString(),
        })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const COMPARED_HEADERS = [
  'content-type',
  'content-encoding',
  'access-control-allow-origin',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'allow',
]

/** What is the same for every call of this list on both servers, or the differences. */
async function compare(calls: readonly Call[], headers: readonly string[] = COMPARED_HEADERS): Promise<void> {
  const differences: string[] = []
  for (const call of calls) {
    const [expected, actual] = await Promise.all(servers.map((server) => send(server, call)))
    const shown = `${call.method ?? 'GET'} ${call.path} ${call.body ?? ''}`
    const note = (what: string, wanted: unknown, got: unknown): void => {
      if (wanted !== got) differences.push(`${shown}\n    ${what}: ${String(wanted)}\n    but ${String(got)}`)
    }
    note('status', expected.status, actual.status)
    note('body', expected.body, actual.body)
    for (const name of headers) note(name, expected.headers[name], actual.headers[name])
  }
  assert.deepEqual(differences, [], `seed ${SEED}: ${differences.length} differences\n${differences.join('\n')}`)
}

const startSeconds = START_MS / 1000
const endSeconds = (START_MS + SPAN_MS) / 1000
const api = (path: string, parameters: Record<string, string> | [string, string][] = {}): string =>
  `/api/v1/${path}?${new URLSearchParams(parameters)}`

test('series, labels and label values', { skip }, async () => {
  const matchSets: [string, string][][] = [
    [],
    [['match[]', 'requests_total']],
    [['match[]', 'requests_total{code=~"4..|5.."}']],
    [['match[]', '{job="api"}']],
    [
      ['match[]', '{__name__=~"exact.*"}'],
      ['match[]', 'latency_bucket{le="0.1"}'],
    ],
    [['match[]', 'nothing_at_all']],
    [['match[]', '{}']],
    [['match[]', '{job=~".*"}']],
    [['match[]', 'broken{']],
    [['match[]', 'rate(x[5m])']],
    [['match[]', '']],
  ]
  const ranges: [string, string][][] = [
    [],
    [
      ['start', String(startSeconds)],
      ['end', String(endSeconds)],
    ],
    [
      ['start', '2026-03-14T10:00:00Z'],
      ['end', '2026-03-14T11:00:00.5Z'],
    ],
    [['start', String(startSeconds + 600)]],
    [['start', 'tomorrow']],
    [['end', 'x']],
  ]
  const paths = [
    'series',
    'labels',
    'label/job/values',
    'label/__name__/values',
    'label/le/values',
    'label/none/values',
  ]
  const calls = paths.flatMap((path) =>
    matchSets.flatMap((matches) => ranges.map((range): Call => ({ path: api(path, [...matches, ...range]) }))),
  )
  await compare(calls)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  await compare([
    { method: 'POST', path: '/api/v1/series', headers: form, body: 'match[]=exact_gauge&match[]=build_info' },
    { method: 'POST', path: '/api/v1/series?match[]=exact_gauge', headers: form, body: 'match[]=build_info' },
    { method: 'POST', path: '/api/v1/series', headers: form, body: '' },
    { method: 'POST', path: '/api/v1/labels', headers: form, body: 'match[]=latency_bucket' },
  ])
})

test('bad queries, times, steps and timeouts', { skip }, async () => {
  const at = { start: String(startSeconds), end: String(endSeconds), step: '60' }
  const range = (changes: Record<string, string>): Call => ({
    path: api('query_range', { query: '1', ...at, ...changes }),
  })
  await compare([
    { path: api('query', { query: '1', time: 'yesterday' }) },
    { path: api('query', { query: '1', time: '2026-13-01T00:00:00Z' }) },
    { path: api('query', { query: '1', time: '1e3' }) },
    { path: api('query', { query: '1', time: '12.3456' }) },
    { path: api('query', { query: '1', time: '-7.5' }) },
    { path: api('query', { query: '1', time: '2026-03-14T10:00:00+02:00' }) },
    { path: api('query', { query: '1', time: '1', timeout: 'soon' }) },
    { path: api('query', { query: '1', time: '1', timeout: '1x' }) },
    { path: api('query', { query: '1', time: '1', timeout: '2s' }) },
    { path: api('query', { query: '1', time: '1', timeout: '0.5' }) },
    { path: api('query', { query: '"a\\u00e4\\n"', time: '1' }) },
    { path: api('query', { query: 'exact_total[5m]', time: '1' }) },
    {
      path: api('query', { query: 'label_replace(build_info, "a", "", "", "(")', time: String(startSeconds + 99.123) }),
    },
    { path: api('query', { query: 'topk(1e300, build_info)', time: String(startSeconds + 99.123) }) },
    { path: api('query', { query: 'rate(exact_total[1h])[30m:1m]', time: String(startSeconds + 2000.123) }) },
    range({}),
    range({ start: 'a' }),
    range({ end: '' }),
    range({ start: '' }),
    range({ end: String(startSeconds - 1) }),
    range({ step: '0' }),
    range({ step: '-1' }),
    range({ step: '' }),
    range({ step: 'x' }),
    range({ step: '1m' }),
    range({ step: '0.25', end: String(startSeconds + 3) }),
    range({ step: '0.001' }),
    range({ step: '1e20' }),
    range({ timeout: 'x' }),
    range({ end: String(startSeconds) }),
    { path: api('query_exemplars', { query: 'exact_total', start: '5', end: '1' }) },
    { path: api('query_exemplars', { query: 'exact_total', ...at }) },
    { path: '/api/v1/format_query?query=a%2Bb' },
  ])
})

test('forms, methods, CORS and compression', { skip }, async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const origin = { origin: 'http://dashboard.example' }
  await compare([
    { method: 'POST', path: '/api/v1/query', headers: form, body: 'query=1%2B1&time=5' },
    { method: 'POST', path: '/api/v1/query?time=5', headers: form, body: 'query=1%2B1' },
    { method: 'POST', path: '/api/v1/query?query=2&time=5', headers: form, body: 'query=3' },
    { method: 'POST', path: '/api/v1/query_range', headers: form, body: 'query=1&start=1&end=2&step=1' },
    {
      method: 'POST',
      path: '/api/v1/query',
      headers: { 'content-type': `${form['content-type']}; charset=UTF-8` },
      body: 'query=3&time=5',
    },
    { path: api('query', { query: '1', time: '5' }), headers: origin },
    { method: 'OPTIONS', path: '/api/v1/query', headers: { ...origin, 'access-control-request-method': 'POST' } },
    { method: 'OPTIONS', path: '/api/v1/labels' },
    {
      path: api('query', { query: '{job="api"}', time: String(startSeconds + 99.123) }),
      headers: { 'accept-encoding': 'gzip' },
    },
    { path: api('metadata') },
    { path: api('metadata', { limit: '0' }) },
    { path: api('metadata', { limit: 'x' }) },
    { path: '/api/v1/status/walreplay' },
    { path: '/api/v1/alerts' },
    { path: '/api/v1/rules' },
    { path: '/api/v1/alertmanagers' },
    { path: '/-/healthy' },
    { path: '/-/ready' },
  ])
})

test('what is not there', { skip }, async () => {
  await compare([
    { path: '/api/v1/nothing' },
    { path: '/api/v2/query' },
    { path: '/nothing' },
    { method: 'DELETE', path: '/api/v1/query' },
    { method: 'PUT', path: '/api/v1/query' },
    { method: 'POST', path: '/api/v1/label/job/values' },
    { method: 'POST', path: '/-/reload' },
    { method: 'PUT', path: '/-/quit' },
    { method: 'GET', path: '/-/reload' },
    { method: 'DELETE', path: '/api/v1/series' },
    { method: 'POST', path: '/api/v1/admin/tsdb/snapshot' },
    { method: 'POST', path: '/api/v1/admin/tsdb/delete_series?match[]=a' },
  ])
})
