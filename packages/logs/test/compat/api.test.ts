import { ProtoWriter } from '@quartet/model'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import snappy from 'snappy'
import { WebSocket } from 'ws'
import { nowNs, startLoki } from '../support/start.ts'

interface Answer {
  readonly status: number
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies of many shapes, asserted member by member
  readonly json: any
}

let url = ''
let stop: () => Promise<void>
const base = nowNs() - 60_000_000_000n

async function get(
  path: string,
  parameters: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}${path}?${new URLSearchParams(parameters)}`, { headers })
  const text = await response.text()
  return {
    status: response.status,
    text,
    json: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined,
  }
}

async function push(
  body: string | Uint8Array,
  headers: Record<string, string> = { 'content-type': 'application/json' },
  path = '/loki/api/v1/push',
): Promise<Answer> {
  const response = await fetch(url + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : Buffer.from(body),
    headers,
  })
  return { status: response.status, text: await response.text(), json: undefined }
}

function pushBody(
  labels: Record<string, string>,
  lines: readonly (readonly [offsetMs: number, line: string, metadata?: Record<string, string>])[],
): string {
  const values = lines.map(([offsetMs, line, metadata]) => [
    String(base + BigInt(offsetMs) * 1_000_000n),
    line,
    ...(metadata ? [metadata] : []),
  ])
  return JSON.stringify({ streams: [{ stream: labels, values }] })
}

before(async () => {
  const directory = await temporaryDirectory()
  const started = await startLoki(directory.path)
  url = started.url
  stop = async () => {
    await started.running.stop()
    await directory.remove()
  }
})
after(() => stop())

const range = { start: String(base - 1_000_000_000n), end: String(base + 120_000_000_000n) }

describe('push and query', () => {
  it('finds a pushed line at once, newest first', async () => {
    assert.equal(
      (
        await push(
          pushBody({ app: 'one' }, [
            [0, 'first level=info'],
            [1, 'second'],
            [2, 'third'],
          ]),
        )
      ).status,
      204,
    )
    const { json } = await get('/loki/api/v1/query_range', { query: '{app="one"}', limit: '2', ...range })
    assert.equal(json.status, 'success')
    assert.equal(json.data.resultType, 'streams')
    const lines = json.data.result.flatMap((stream: { values: [string, string][] }) =>
      stream.values.map(([, line]) => line),
    )
    assert.deepEqual(lines.sort(), ['second', 'third'])
    assert.equal(json.data.result[0].stream.service_name, 'one')
    assert.equal(json.data.stats.summary.totalEntriesReturned, 2)
  })

  it('reads protobuf with structured metadata, and categorizes labels when asked', async () => {
    const writer = new ProtoWriter()
    const stream = writer.begin(1)
    writer.string(1, '{app="proto", env="dev"}')
    const entry = writer.begin(2)
    const timestamp = writer.begin(1)
    writer.int64(1, base / 1_000_000_000n).uint(2, Number(base % 1_000_000_000n))
    writer.finish(timestamp)
    writer.string(2, 'msg=hello n=5')
    const pair = writer.begin(3)
    writer.string(1, 'trace_id').string(2, 'abc')
    writer.finish(pair)
    writer.finish(entry)
    writer.finish(stream)
    const body = snappy.compressSync(Buffer.from(writer.toBytes()))
    assert.equal((await push(body, { 'content-type': 'application/x-protobuf' })).status, 204)
    const query = { query: '{app="proto"} | logfmt | n > 4', ...range }
    const { json } = await get('/loki/api/v1/query_range', query)
    assert.deepEqual(json.data.result[0].stream, {
      app: 'proto',
      detected_level: 'unknown',
      env: 'dev',
      msg: 'hello',
      n: '5',
      service_name: 'proto',
      trace_id: 'abc',
    })
    const categorized = await get('/loki/api/v1/query_range', query, {
      'x-loki-response-encoding-flags': 'categorize-labels',
    })
    assert.deepEqual(categorized.json.data.encodingFlags, ['categorize-labels'])
    assert.deepEqual(categorized.json.data.result[0].stream, { app: 'proto', env: 'dev', service_name: 'proto' })
    assert.deepEqual(categorized.json.data.result[0].values[0][2], {
      structuredMetadata: { detected_level: 'unknown', trace_id: 'abc' },
      parsed: { msg: 'hello', n: '5' },
    })
  })

  it('takes gzip, and OTLP as JSON', async () => {
    const body = gzipSync(pushBody({ app: 'gz' }, [[0, 'zipped']]))
    assert.equal((await push(body, { 'content-type': 'application/json', 'content-encoding': 'gzip' })).status, 204)
    const otlp = {
      resourceLogs: [
        {
          resource: {
            attributes: [
              { key: 'service.name', value: { stringValue: 'shop' } },
              { key: 'host.name', value: { stringValue: 'h1' } },
            ],
          },
          scopeLogs: [
            {
              scope: { name: 'lib' },
              logRecords: [
                {
                  timeUnixNano: String(base),
                  severityNumber: 17,
                  severityText: 'ERROR',
                  body: { stringValue: 'boom' },
                  traceId: '0af7651916cd43dd8448eb211c80319c',
                  attributes: [{ key: 'http.status', value: { intValue: '500' } }],
                },
              ],
            },
          ],
        },
      ],
    }
    assert.equal(
      (await push(JSON.stringify(otlp), { 'content-type': 'application/json' }, '/otlp/v1/logs')).status,
      204,
    )
    const { json } = await get('/loki/api/v1/query_range', {
      query: '{service_name="shop"} | trace_id="0af7651916cd43dd8448eb211c80319c"',
      ...range,
    })
    const [result] = json.data.result
    assert.equal(result.values[0][1], 'boom')
    assert.deepEqual(result.stream, {
      detected_level: 'error',
      host_name: 'h1',
      http_status: '500',
      scope_name: 'lib',
      service_name: 'shop',
      severity_number: '17',
      severity_text: 'ERROR',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
    })
  })

  it('evaluates metric queries over a range and at an instant', async () => {
    await push(
      pushBody(
        { app: 'metric', pod: 'a' },
        Array.from({ length: 10 }, (_, index) => [index * 1000, `n=${index}`] as const),
      ),
    )
    await push(
      pushBody(
        { app: 'metric', pod: 'b' },
        Array.from({ length: 5 }, (_, index) => [index * 1000, `n=${index}`] as const),
      ),
    )
    const time = String(base + 10_000_000_000n)
    const count = await get('/loki/api/v1/query', { query: 'sum by (pod) (count_over_time({app="metric"}[1m]))', time })
    assert.deepEqual(
      count.json.data.result.map((row: { metric: unknown; value: unknown[] }) => [row.metric, row.value[1]]),
      [
        [{ pod: 'a' }, '10'],
        [{ pod: 'b' }, '5'],
      ],
    )
    const sum = await get('/loki/api/v1/query', {
      query: 'sum(sum_over_time({app="metric"} | logfmt | unwrap n [1m]))',
      time,
    })
    assert.equal(sum.json.data.result[0].value[1], '55')
    const matrix = await get('/loki/api/v1/query_range', {
      query: 'sum(rate({app="metric"}[10s]))',
      start: String(base),
      end: time,
      step: '5',
    })
    assert.equal(matrix.json.data.resultType, 'matrix')
    assert.equal(matrix.json.data.result[0].values.length, 3)
  })

  it('drops a repeated push', async () => {
    const body = pushBody({ app: 'twice' }, [
      [5, 'again'],
      [6, 'and again'],
    ])
    await push(body)
    await push(body)
    const { json } = await get('/loki/api/v1/query', { query: 'sum(count_over_time({app="twice"}[5m]))' })
    assert.equal(json.data.result[0].value[1], '2')
  })

  it('finds everything again after a block was cut', async () => {
    assert.equal((await fetch(`${url}/flush`, { method: 'POST' })).status, 204)
    await push(pushBody({ app: 'one' }, [[3, 'fourth']]))
    const { json } = await get('/loki/api/v1/query_range', {
      query: '{app="one"} |~ "t|f"',
      direction: 'forward',
      ...range,
    })
    const lines = json.data.result.flatMap((stream: { values: [string, string][] }) => stream.values).sort()
    assert.deepEqual(
      lines.map(([, line]: [string, string]) => line),
      ['first level=info', 'third', 'fourth'],
    )
  })
})

describe('metadata endpoints', () => {
  it('lists labels, values and series', async () => {
    assert.ok((await get('/loki/api/v1/labels', range)).json.data.includes('app'))
    assert.deepEqual((await get('/loki/api/v1/label/env/values', range)).json.data, ['dev'])
    assert.deepEqual((await get('/loki/api/v1/series', { 'match[]': '{app="proto"}', ...range })).json.data, [
      { app: 'proto', env: 'dev', service_name: 'proto' },
    ])
    assert.equal((await get('/loki/api/v1/index/stats', { query: '{app="metric"}', ...range })).json.entries, 15)
    assert.equal(
      (await get('/loki/api/v1/index/volume', { query: '{app="gz"}', ...range })).json.data.result[0].value[1],
      '6',
    )
    assert.ok(
      (await get('/loki/api/v1/detected_fields', { query: '{app="proto"}', ...range })).json.fields.some(
        (field: { label: string }) => field.label === 'msg',
      ),
    )
    assert.equal((await get('/ready')).text.trim(), 'ready')
    assert.equal((await get('/loki/api/v1/status/buildinfo')).json.version, '3.6.3')
    assert.match((await get('/metrics')).text, /loki_distributor_lines_received_total\{tenant="fake"\}/)
  })
})

describe('bad input', () => {
  const wrong: readonly (readonly [string, () => Promise<Answer>, number, RegExp])[] = [
    ['malformed JSON', () => push('{"streams":[{'), 400, /expected|terminated/],
    ['a wrong content type', () => push('x', { 'content-type': 'text/plain' }), 400, /unsupported/],
    ['snappy that is none', () => push('zzzz', { 'content-type': 'application/x-protobuf' }), 400, /snappy|truncated/],
    [
      'labels that cannot be parsed',
      () => push(JSON.stringify({ streams: [{ stream: { 'a-b': 'x' }, values: [[String(base), 'x']] }] })),
      400,
      /error parsing labels/,
    ],
    [
      'an old entry',
      () => push(JSON.stringify({ streams: [{ stream: { app: 'old' }, values: [['1000000000000000000', 'x']] }] })),
      400,
      /timestamp too old/,
    ],
    [
      'an entry of the future',
      () =>
        push(
          JSON.stringify({
            streams: [{ stream: { app: 'new' }, values: [[String(base + 86_400_000_000_000n), 'x']] }],
          }),
        ),
      400,
      /timestamp too new/,
    ],
    [
      'a long line',
      () => push(pushBody({ app: 'long' }, [[0, 'x'.repeat(300_000)]])),
      400,
      /Max entry size '262144' bytes exceeded/,
    ],
    [
      'a query that is none',
      () => get('/loki/api/v1/query_range', { query: '{app=' }),
      400,
      /parse error at line 1, col 6: syntax error: unexpected \$end/,
    ],
    [
      'a log query as instant query',
      () => get('/loki/api/v1/query', { query: '{app="x"}' }),
      400,
      /log queries are not supported as an instant query type/,
    ],
    [
      'too large a limit',
      () => get('/loki/api/v1/query_range', { query: '{app="one"}', limit: '6000' }),
      400,
      /max entries limit per query exceeded/,
    ],
    ['a bad step', () => get('/loki/api/v1/query_range', { query: '{app="one"}', step: 'h' }), 400, /valid duration/],
  ]
  for (const [name, act, status, text] of wrong) {
    it(`refuses ${name}`, async () => {
      const answer = await act()
      assert.equal(answer.status, status, answer.text)
      assert.match(answer.text, text)
    })
  }

  it('stores the valid lines of a push of which one is refused, and counts the other', async () => {
    const answer = await push(
      pushBody({ app: 'mixed' }, [
        [0, 'good'],
        [1, 'x'.repeat(300_000)],
      ]),
    )
    assert.equal(answer.status, 400)
    const { json } = await get('/loki/api/v1/query_range', { query: '{app="mixed"}', ...range })
    assert.deepEqual(
      json.data.result[0].values.map(([, line]: [string, string]) => line),
      ['good'],
    )
    assert.match((await get('/metrics')).text, /loki_discarded_samples_total\{reason="line_too_long",tenant="fake"\} 2/)
  })

  it('fails a metric query on lines that its parser cannot read', async () => {
    await push(pushBody({ app: 'broken' }, [[0, 'not json']]))
    const answer = await get('/loki/api/v1/query', { query: 'count_over_time({app="broken"} | json [5m])' })
    assert.equal(answer.status, 400)
    assert.match(answer.text, /pipeline error: 'JSONParserErr' for series/)
  })
})

describe('tail', () => {
  it('sends the last entries first and then live ones', async () => {
    await push(pushBody({ app: 'tail' }, [[0, 'before']]))
    const socket = new WebSocket(
      `${url.replace('http', 'ws')}/loki/api/v1/tail?${new URLSearchParams({ query: '{app="tail"}' })}`,
    )
    const lines: string[] = []
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject)
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as { streams: { values: [string, string][] }[] }
        for (const { values } of message.streams) lines.push(...values.map(([, line]) => line))
        if (lines.length === 1) push(pushBody({ app: 'tail' }, [[1, 'live']])).catch(reject)
        if (lines.length === 2) resolve()
      })
    })
    socket.close()
    assert.deepEqual(lines, ['before', 'live'])
  })
})
