import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { DataQueryResponseDto } from '../../common/api.ts'
import { legendOf } from '../query/series-frames.ts'
import { parseTimeText } from '../query/time-range.ts'
import { RunningWeb } from '../../../test/support/running-web.ts'

let web: RunningWeb

before(async () => {
  web = await RunningWeb.start()
  await web.logIn()
})
after(() => web.stop())
beforeEach(() => {
  web.store.seen.length = 0
})

const ask = (queries: unknown[], range = { from: '1700000000000', to: '1700003600000' }) =>
  web.json<DataQueryResponseDto>('/api/ds/query', { method: 'POST', json: { ...range, queries } })

test('PromQL ranges become one frame per series', async () => {
  web.store.answerJson({
    status: 'success',
    data: {
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'up', job: 'a' },
          values: [
            [1700000000, '1'],
            [1700000015, 'NaN'],
          ],
        },
      ],
    },
  })
  const datasource = { uid: 'prometheus' }
  const { results } = await ask([
    { refId: 'A', datasource, expr: 'rate(up[$__rate_interval]) > ${__interval_ms}', intervalMs: 60_000, range: true },
  ])
  const form = new URLSearchParams(web.store.seen[0].body)
  assert.equal(web.store.seen[0].url, '/api/v1/query_range')
  assert.deepEqual(
    [form.get('query'), form.get('start'), form.get('end'), form.get('step')],
    ['rate(up[75s]) > 60000', '1699999980', '1700003580', '60'],
  )
  const [frame] = results['A'].frames
  assert.equal(frame.schema.refId, 'A')
  assert.deepEqual(frame.schema.fields[1].labels, { __name__: 'up', job: 'a' })
  assert.equal(frame.schema.fields[1].config?.['displayNameFromDS'], 'up{job="a"}')
  assert.deepEqual(frame.data.values, [
    [1700000000000, 1700000015000],
    [1, null],
  ])
})

test('an instant query asks for the end of the range', async () => {
  web.store.answerJson({ data: { resultType: 'vector', result: [{ metric: { job: 'a' }, value: [1700003600, '5'] }] } })
  const { results } = await ask([
    {
      refId: 'B',
      datasource: { uid: 'prometheus' },
      expr: 'up',
      instant: true,
      range: false,
      legendFormat: 'job {{job}}',
    },
  ])
  assert.equal(new URLSearchParams(web.store.seen[0].body).get('time'), '1700003600')
  assert.equal(results['B'].frames[0].schema.name, 'job a')
})

test('LogQL lines come in one frame, newest first, with their nanoseconds', async () => {
  web.store.answerJson({
    data: {
      resultType: 'streams',
      result: [
        { stream: { app: 'a' }, values: [['1700000000000000001', 'old']] },
        { stream: { app: 'b' }, values: [['1700000001000000002', 'new', { trace_id: 'x' }]] },
      ],
    },
  })
  const { results } = await ask([{ refId: 'A', datasource: { uid: 'loki' }, expr: '{app=~".+"}', maxLines: 5 }])
  const [frame] = results['A'].frames
  assert.deepEqual(frame.data.values.slice(0, 4), [
    [{ app: 'b' }, { app: 'a' }],
    [1700000001000, 1700000000000],
    ['new', 'old'],
    ['1700000001000000002', '1700000000000000001'],
  ])
  assert.deepEqual(frame.data.nanos?.[1], [2, 1])
  assert.match(
    web.store.seen[0].url,
    /^\/loki\/api\/v1\/query_range\?query=.*&limit=5&direction=backward&start=1700000000000000000&end=/,
  )
})

test('TraceQL gives a table, a trace id its spans', async () => {
  web.store.answerJson({
    traces: [
      {
        traceID: 'ab',
        rootServiceName: 's',
        rootTraceName: 'GET /',
        startTimeUnixNano: '1700000000000000000',
        durationMs: 12,
      },
    ],
  })
  const datasource = { uid: 'tempo' }
  const search = await ask([{ refId: 'A', datasource, queryType: 'traceql', query: '{ }' }])
  assert.deepEqual(search.results['A'].frames[0].data.values, [['ab'], [1700000000000], ['s'], ['GET /'], [12]])
  web.store.answerJson({
    trace: {
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex').toString('base64'),
                  spanId: '00f067aa0ba902b7',
                  name: 'GET /',
                  kind: 'SPAN_KIND_SERVER',
                  startTimeUnixNano: '1700000000000500000',
                  endTimeUnixNano: '1700000000002000000',
                  attributes: [{ key: 'n', value: { intValue: '5' } }],
                  status: { code: 'STATUS_CODE_ERROR' },
                },
              ],
            },
          ],
        },
      ],
    },
  })
  const trace = await ask([{ refId: 'A', datasource, queryType: 'traceql', query: '0af7651916cd43dd8448eb211c80319c' }])
  const [frame] = trace.results['A'].frames
  const row = Object.fromEntries(frame.schema.fields.map(({ name }, index) => [name, frame.data.values[index][0]]))
  assert.deepEqual(
    [
      row['traceID'],
      row['spanID'],
      row['serviceName'],
      row['kind'],
      row['statusCode'],
      row['startTime'],
      row['duration'],
    ],
    ['0af7651916cd43dd8448eb211c80319c', '00f067aa0ba902b7', 's', 'server', 2, 1700000000000.5, 1.5],
  )
  assert.deepEqual(row['tags'], [{ key: 'n', value: 5 }])
})

test('a failed query answers 400 with the results of the others', async () => {
  web.store.answerJson({ data: { resultType: 'vector', result: [] } })
  const queries = [
    { refId: 'A', datasource: { uid: 'prometheus' }, expr: 'up', instant: true },
    { refId: 'B', datasource: { uid: 'gone' }, expr: 'up' },
    { refId: 'C', datasource: { uid: 'unknown' }, expr: 'up' },
  ]
  const response = await web.fetch('/api/ds/query', { method: 'POST', json: { from: 'now-1h', to: 'now', queries } })
  assert.equal(response.status, 400)
  const { results } = (await response.json()) as DataQueryResponseDto
  assert.deepEqual([results['A'].status, results['B'].status, results['C'].status], [200, 502, 404])
  assert.match(results['B'].error ?? '', /^Gone \(http:\/\/127\.0\.0\.1:9\) cannot be reached/)
})

test('a store’s own error text reaches the panel', async () => {
  web.store.answerJson({ status: 'error', errorType: 'bad_data', error: 'parse error: unexpected end' }, 400)
  const { results } = await ask([{ refId: 'A', datasource: { uid: 'prometheus' }, expr: 'sum(' }])
  assert.deepEqual(results['A'], { status: 400, error: 'parse error: unexpected end', frames: [] })
})

test('refuses requests without queries or with bad times', async () => {
  const status = async (json: unknown): Promise<number> =>
    (await web.fetch('/api/ds/query', { method: 'POST', json })).status
  assert.equal(await status({}), 400)
  assert.equal(await status({ queries: [] }), 400)
  assert.equal(await status({ from: 'yesterday', queries: [{ refId: 'A' }] }), 400)
})

test('relative times as Grafana writes them', () => {
  const nowMs = Date.UTC(2026, 4, 13, 12, 30)
  const at = (text: string, isEnd = false): string => new Date(parseTimeText(text, nowMs, isEnd)).toISOString()
  assert.equal(at('now-90m'), '2026-05-13T11:00:00.000Z')
  assert.equal(at('now/d'), '2026-05-13T00:00:00.000Z')
  assert.equal(at('now/d', true), '2026-05-13T23:59:59.999Z')
  assert.equal(at('now-1w/w'), '2026-05-04T00:00:00.000Z')
  assert.equal(at('now-1M/M', true), '2026-04-30T23:59:59.999Z')
  assert.equal(at('2026-01-01T00:00:00Z'), '2026-01-01T00:00:00.000Z')
})

test('legends', () => {
  assert.equal(legendOf({ __name__: 'm', a: 'b' }, ''), 'm{a="b"}')
  assert.equal(legendOf({ a: 'b' }, '__auto'), 'b')
  assert.equal(legendOf({ a: 'b' }, '{{ a }}-{{c}}'), 'b-')
  assert.equal(legendOf({}, ''), '{}')
})
