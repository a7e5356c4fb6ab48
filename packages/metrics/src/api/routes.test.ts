import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { HttpServer } from '@quartet/runtime'
import { startApi } from '../../test/support/api-server.ts'
import { MemorySource } from '../../test/support/memory-source.ts'

const source = new MemorySource()
for (let job = 0; job < 3; job++) {
  const samples = Array.from({ length: 20 }, (_, index) => ({ timeMs: index * 15_000, value: index * (job + 1) }))
  source.add(
    [
      ['__name__', 'requests_total'],
      ['job', `j${job}`],
    ],
    samples,
  )
}

let server: HttpServer
let url = ''
before(async () => {
  ;({ server, url } = await startApi(source))
})
after(() => server.close())

const get = async (path: string, init?: RequestInit): Promise<{ status: number; text: string; headers: Headers }> => {
  const response = await fetch(url + path, init)
  return { status: response.status, text: await response.text(), headers: response.headers }
}

test('answers a range query to the byte', async () => {
  const { status, text, headers } = await get(
    '/api/v1/query_range?query=sum(requests_total)/8&start=60&end=90.5&step=15',
  )
  assert.equal(status, 200)
  assert.equal(headers.get('content-type'), 'application/json')
  assert.equal(
    text,
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[60,"3"],[75,"3.75"],[90,"4.5"]]}]}}',
  )
})

test('takes parameters as a form', async () => {
  const body = new URLSearchParams({ query: 'count(requests_total)', time: '60' })
  const { text } = await get('/api/v1/query', { method: 'POST', body })
  assert.equal(text, '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[60,"3"]}]}}')
})

test('words errors as upstream, with its status codes', async () => {
  const cases: [string, number, string, string][] = [
    ['query?query=1%2B', 400, 'bad_data', 'invalid parameter "query": 1:3: parse error: unexpected end of input'],
    [
      'query?query=up&time=x',
      400,
      'bad_data',
      `invalid parameter "time": Invalid time value for 'time': cannot parse "x" to a valid timestamp`,
    ],
    ['query?query=up&timeout=x', 400, 'bad_data', 'invalid parameter "timeout": cannot parse "x" to a valid duration'],
    [
      'query_range?query=up&start=2&end=1&step=1',
      400,
      'bad_data',
      'invalid parameter "end": end timestamp must not be before start time',
    ],
    [
      'query_range?query=up&start=0&end=1&step=0',
      400,
      'bad_data',
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ],
    [
      'query_range?query=up&start=0&end=11001&step=1',
      400,
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    ],
    [
      'query_range?query=up[5m]&start=0&end=1&step=1',
      400,
      'bad_data',
      'invalid parameter "query": invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    ],
    [
      'query?query=label_replace(vector(1),"a","b","c","(")',
      422,
      'execution',
      'invalid regular expression in label_replace(): (',
    ],
    ['series', 400, 'bad_data', 'no match[] parameter provided'],
    ['labels?match[]={a=""}', 400, 'bad_data', 'match[] must contain at least one non-empty matcher'],
    ['labels?match[]={', 400, 'bad_data', '1:2: parse error: unexpected end of input inside braces'],
    [
      'series?match[]={a=""}',
      400,
      'bad_data',
      'invalid parameter "match[]": match[] must contain at least one non-empty matcher',
    ],
    ['query?query=up&limit=-1', 400, 'bad_data', 'invalid parameter "limit": limit must be non-negative'],
  ]
  for (const [path, status, errorType, error] of cases) {
    const { status: got, text } = await get(`/api/v1/${path}`)
    assert.deepEqual(JSON.parse(text), { status: 'error', errorType, error }, path)
    assert.equal(got, status, path)
  }
})

test('limits series and says so', async () => {
  const { text } = await get('/api/v1/query?query=requests_total&time=60&limit=2')
  const { data, warnings } = JSON.parse(text)
  assert.equal(data.result.length, 2)
  assert.deepEqual(warnings, ['results truncated due to limit'])
})

test('annotations carry positions', async () => {
  const { text } = await get('/api/v1/query?query=histogram_quantile(2,requests_total)&time=60')
  const { warnings } = JSON.parse(text)
  assert.deepEqual(warnings, [
    'PromQL warning: quantile value should be between 0 and 1, got 2 (1:20)',
    'PromQL warning: bucket label "le" is missing or has a malformed value of "" for metric name "requests_total" (1:22)',
  ])
})

test('allows browsers from anywhere by default', async () => {
  const { headers } = await get('/api/v1/labels', { headers: { origin: 'http://grafana.example' } })
  assert.equal(headers.get('access-control-allow-origin'), '*')
  const preflight = await get('/api/v1/query', { method: 'OPTIONS', headers: { origin: 'http://grafana.example' } })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, POST, OPTIONS')
})

test('decodes escaped label names', async () => {
  source.add(
    [
      ['__name__', 'm'],
      ['a.b', 'x'],
    ],
    [{ timeMs: 0, value: 1 }],
  )
  const { text } = await get('/api/v1/label/U__a_2e_b/values')
  assert.equal(text, '{"status":"success","data":["x"]}')
})

test('answers 404 as upstream for what it does not know', async () => {
  const { status, text } = await get('/api/v1/nope')
  assert.equal(status, 404)
  assert.equal(text, '404 page not found\n')
})
