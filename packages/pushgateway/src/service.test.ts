import { writeDelimitedFamilies } from '@quartet/model'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { withPushgateway } from '../test/support.ts'
import { snappyStream } from '../test/snappy-stream.ts'

const GROUP = '/metrics/job/some_job'

test('PUT replaces the group, POST replaces families of the same name', () =>
  withPushgateway(async ({ pushed, request }) => {
    assert.deepEqual((await request('PUT', GROUP, 'a 1\nb 2\n')).status, 200)
    await request('POST', GROUP, 'b 3\nc 4\n')
    const shown = (name: string, value: number): string[] => [
      `# TYPE ${name} untyped`,
      `${name}{instance="",job="some_job"} ${value}`,
    ]
    assert.deepEqual(await pushed(), [...shown('a', 1), ...shown('b', 3), ...shown('c', 4)])
    await request('PUT', GROUP, 'c 5\n')
    assert.deepEqual(await pushed(), shown('c', 5))
    const gone = await request('DELETE', GROUP)
    assert.deepEqual([gone.status, gone.text], [202, ''])
    assert.deepEqual(await pushed(), [])
  }))

test('grouping labels replace those of the body', () =>
  withPushgateway(async ({ pushed, request }) => {
    const body = '# TYPE x counter\n# HELP x Helps.\nx{job="other",instance="mine",z="1"} 1\n'
    await request('POST', '/metrics/job@base64/ZGlyL2NsZWFuZXI/path@base64/L3Zhci90bXA=/empty@base64/=', body)
    assert.deepEqual(await pushed(), [
      '# HELP x Helps.',
      '# TYPE x counter',
      'x{empty="",instance="mine",job="dir/cleaner",path="/var/tmp",z="1"} 1',
    ])
  }))

test('adds the times of the last success and the last failure', () =>
  withPushgateway(async ({ request }) => {
    const times = async (): Promise<[number, number]> => {
      const { text } = await request('GET', '/metrics')
      const read = (name: string): number => Number(new RegExp(`^${name}\\{.*\\} (.*)$`, 'm').exec(text)?.[1])
      return [read('push_time_seconds'), read('push_failure_time_seconds')]
    }
    await request('POST', GROUP, 'a 1\n')
    const [pushedAt, never] = await times()
    assert.ok(Math.abs(pushedAt - Date.now() / 1000) < 60)
    assert.equal(never, 0)
    assert.equal((await request('POST', GROUP, 'a 1 1234\n')).status, 400)
    const [still, failedAt] = await times()
    assert.equal(still, pushedAt)
    assert.ok(failedAt >= pushedAt)
  }))

const REFUSED: readonly [string, string, string, string][] = [
  ['POST', GROUP, 'a 1', 'text format parsing error in line 1: unexpected end of input stream\n'],
  [
    'POST',
    GROUP,
    'a 1\na 2\n',
    'pushed metrics are invalid or inconsistent with existing metrics: collected metric "a" { label:{name:"instance" value:""} label:{name:"job" value:"some_job"} untyped:{value:2}} was collected before with the same name and label values\n',
  ],
  [
    'POST',
    GROUP,
    'a 1 99\n',
    'pushed metrics are invalid or inconsistent with existing metrics: pushed metrics must not have timestamps\n',
  ],
  [
    'POST',
    GROUP,
    '# TYPE there gauge\nthere 1\n',
    'pushed metrics are invalid or inconsistent with existing metrics: collected metric "there" { label:{name:"instance" value:""} label:{name:"job" value:"some_job"} gauge:{value:1}} is not a COUNTER\n',
  ],
  [
    'POST',
    GROUP,
    '# TYPE process_cpu_seconds_total gauge\nprocess_cpu_seconds_total 1\n',
    'pushed metrics are invalid or inconsistent with existing metrics: collected metric "process_cpu_seconds_total" { label:{name:"instance" value:""} label:{name:"job" value:"some_job"} gauge:{value:1}} is not a COUNTER\n',
  ],
  [
    'POST',
    GROUP,
    '# TYPE s summary\ns_sum 1\n# TYPE s_count counter\ns_count 1\n',
    'text format parsing error in line 3: second TYPE line for metric name "s", or TYPE reported after samples\n',
  ],
  [
    'POST',
    '/metrics/job@base64/a.b',
    'a 1\n',
    'invalid base64 encoding in job name "a.b": illegal base64 data at input byte 1\n',
  ],
  ['DELETE', '/metrics/job/a/b', '', 'odd number of components in label string "/b"\n'],
  ['POST', '/metrics/job/a/__b/c', 'a 1\n', 'improper label name "__b"\n'],
  ['POST', GROUP, '{"a.b"} 1\n', 'text format parsing error in line 1: invalid metric name "a.b"\n'],
]

for (const [method, path, body, message] of REFUSED) {
  test(`refuses ${method} ${path} ${JSON.stringify(body)} and leaves the groups as they are`, () =>
    withPushgateway(async ({ pushed, request }) => {
      await request('POST', '/metrics/job/other', '# TYPE there counter\nthere 1\n')
      const before = await pushed()
      const answer = await request(method, path, method === 'DELETE' ? undefined : body)
      assert.deepEqual([answer.status, answer.text], [400, message])
      assert.deepEqual(await pushed(), before)
    }))
}

test('redirects a path with an empty part, as Go does', () =>
  withPushgateway(async ({ request }) => {
    for (const path of ['/metrics/job/a/path//var/tmp', '/metrics/job/a/path/%2Fvar%2Ftmp']) {
      const { headers, status } = await request('POST', path, 'a 1\n')
      assert.deepEqual([status, headers.get('location')], [301, '/metrics/job/a/path/var/tmp'])
    }
    assert.equal((await request('POST', '/metrics/job/%ff', 'a 1\n')).status, 400)
    const { headers, status } = await request('PUT', '/metrics/job/', 'a 1\n')
    assert.deepEqual([status, headers.get('location')], [307, '/metrics/job'])
    assert.equal((await request('PUT', '/metrics/job', 'a 1\n')).status, 404)
  }))

test('refuses the series of another group', () =>
  withPushgateway(async ({ request }) => {
    await request('POST', '/metrics/job/a/instance/x', 'm 1\n')
    const answer = await request('POST', '/metrics/job/a', 'm{instance="x"} 1\n')
    assert.equal(answer.status, 400)
    assert.match(answer.text, /was collected before with the same name and label values/)
    assert.equal((await request('POST', '/metrics/job/a/instance/x', 'm 2\n')).status, 200)
    await request('DELETE', '/metrics/job/a/instance/x')
    assert.equal((await request('POST', '/metrics/job/a', 'm{instance="x"} 1\n')).status, 200)
  }))

test('takes any change without a check when told so, and says what is wrong when scraped', () =>
  withPushgateway(
    async ({ request }) => {
      assert.equal((await request('POST', '/metrics/job/a', '# TYPE m gauge\nm 1\n')).status, 202)
      assert.equal((await request('POST', '/metrics/job/b', '# TYPE m counter\nm 1\n')).status, 202)
      const { status, text } = await request('GET', '/metrics')
      assert.equal(status, 500)
      assert.match(text, /^An error has occurred while serving metrics:\n\ncollected metric "m" .* is not a GAUGE\n$/)
    },
    { 'push.disable-consistency-check': true },
  ))

test('reads gzip, snappy frames and delimited protobuf', () =>
  withPushgateway(async ({ pushed, request }) => {
    const text = 'some_metric 3.14\n'
    const family = {
      name: 'p',
      help: 'H',
      type: 'HISTOGRAM' as const,
      metrics: [
        {
          labels: [],
          timestampMs: undefined,
          value: { kind: 'histogram' as const, count: 3, sum: 4.5, buckets: [{ upperBound: 1, count: 2 }] },
        },
      ],
    }
    const protobuf = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
    const requests: [string, Uint8Array, Record<string, string>][] = [
      ['/metrics/job/gzip', gzipSync(text), { 'content-encoding': 'gzip' }],
      ['/metrics/job/snappy', await snappyStream(Buffer.from(text)), { 'content-encoding': 'snappy' }],
      ['/metrics/job/proto', writeDelimitedFamilies([family]).toBytes(), { 'content-type': protobuf }],
    ]
    for (const [path, body, headers] of requests) {
      const answer = await request('POST', path, body, headers)
      assert.deepEqual([path, answer.status, answer.text], [path, 200, ''])
    }
    assert.deepEqual(await pushed(), [
      '# HELP p H',
      '# TYPE p histogram',
      'p_bucket{instance="",job="proto",le="1"} 2',
      'p_bucket{instance="",job="proto",le="+Inf"} 3',
      'p_sum{instance="",job="proto"} 4.5',
      'p_count{instance="",job="proto"} 3',
      '# TYPE some_metric untyped',
      'some_metric{instance="",job="gzip"} 3.14',
      'some_metric{instance="",job="snappy"} 3.14',
    ])
    for (const [encoding, reason] of [
      ['gzip', 'gzip: invalid header\n'],
      ['snappy', 'snappy: corrupt input\n'],
    ] as const) {
      const answer = await request('POST', GROUP, 'plain text\n', { 'content-encoding': encoding })
      assert.deepEqual([answer.status, answer.text], [400, reason])
    }
  }))

test('takes UTF-8 names when told so and escapes them for clients that do not know them', () =>
  withPushgateway(
    async ({ request }) => {
      assert.equal((await request('POST', '/metrics/job/j/U__foo_2e_bar/baz', '{"a.b","c.d"="e"} 1\n')).status, 200)
      const scrape = async (accept: string): Promise<string> =>
        (await request('GET', '/metrics', undefined, { accept })).text
      assert.match(await scrape('*/*'), /^a_b\{c_d="e",foo_bar="baz",instance="",job="j"\} 1$/m)
      assert.match(
        await scrape('text/plain;version=1.0.0;escaping=allow-utf-8'),
        /^\{"a\.b","c\.d"="e","foo\.bar"="baz",instance="",job="j"\} 1$/m,
      )
    },
    { 'push.enable-utf8-names': true },
  ))

test('tells groups and itself as JSON', () =>
  withPushgateway(async ({ request }) => {
    await request(
      'POST',
      '/metrics/job/batch',
      '# HELP d <Duration>\n# TYPE d gauge\nd 0.2721322309989773\n# TYPE h histogram\nh_bucket{le="0.5"} 1\nh_sum 2\nh_count 3\n',
    )
    const { headers, text } = await request('GET', '/api/v1/metrics')
    assert.equal(headers.get('access-control-allow-origin'), '*')
    assert.match(text, /"help":"\\u003cDuration\\u003e"/)
    const [group] = (JSON.parse(text) as { data: Record<string, any>[] }).data // oxlint-disable-line typescript/no-explicit-any
    assert.deepEqual(Object.keys(group!), [
      'd',
      'h',
      'labels',
      'last_push_successful',
      'push_failure_time_seconds',
      'push_time_seconds',
    ])
    assert.deepEqual(group!.labels, { job: 'batch' })
    assert.equal(group!.last_push_successful, true)
    assert.deepEqual(group!.d.metrics, [{ labels: { instance: '', job: 'batch' }, value: '0.2721322309989773' }])
    assert.deepEqual(group!.h.metrics, [
      { buckets: { 0.5: '1' }, count: '3', labels: { instance: '', job: 'batch' }, sum: '2' },
    ])
    assert.equal(group!.d.type, 'GAUGE')
    assert.match(group!.d.time_stamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    const status = JSON.parse((await request('GET', '/api/v1/status')).text) as { data: Record<string, any> } // oxlint-disable-line typescript/no-explicit-any
    assert.deepEqual(Object.keys(status.data), ['build_information', 'flags', 'start_time'])
    assert.equal(status.data.build_information.version, '1.11.2')
    assert.equal(status.data.flags['web.telemetry-path'], '')
  }))

test('wipes only with the admin API, and ends only with the lifecycle API', async () => {
  await withPushgateway(async ({ pushed, request }) => {
    await request('POST', GROUP, 'a 1\n')
    assert.equal((await request('PUT', '/api/v1/admin/wipe')).status, 404)
    assert.equal((await pushed()).length, 2)
    const quit = await request('PUT', '/-/quit')
    assert.deepEqual([quit.status, quit.text], [403, 'Lifecycle API is not enabled.\n'])
    assert.equal((await request('GET', '/-/quit')).status, 405)
  })
  await withPushgateway(
    async ({ pushed, request }) => {
      await request('POST', GROUP, 'a 1\n')
      assert.equal((await request('PUT', '/api/v1/admin/wipe')).status, 202)
      assert.deepEqual(await pushed(), [])
      assert.equal((await request('POST', '/-/quit')).text, 'Requesting termination... Goodbye!')
    },
    { 'web.enable-admin-api': true, 'web.enable-lifecycle': true },
  )
})

test('is healthy and ready, also below a prefix', () =>
  withPushgateway(
    async ({ request, url }) => {
      assert.ok(url.endsWith('/push'))
      for (const path of ['/-/healthy', '/-/ready']) assert.equal((await request('GET', path)).text, 'OK')
      assert.equal((await request('POST', GROUP, 'a 1\n')).status, 200)
      assert.match((await request('GET', '/metrics')).text, /^a\{instance="",job="some_job"\} 1$/m)
      assert.match((await request('GET', '/')).text, /action="\/push\/-\/delete-group"/)
    },
    { 'web.external-url': 'http://example.org/push/' },
  ))

test('shows groups on a page whose buttons work for nobody else', () =>
  withPushgateway(async ({ pushed, request }) => {
    await request('POST', '/metrics/job/x/who/%3Cscript%3E', '# HELP a <b>\na{l="<i>"} 1\n')
    const { headers, text } = await request('GET', '/')
    assert.match(headers.get('content-security-policy')!, /default-src 'none'.*frame-ancestors 'none'/)
    assert.doesNotMatch(text, /<script|<i>|https?:\/\/(?!…)/)
    const field = (name: string): string => new RegExp(`name="${name}" value="([^"]+)"`).exec(text)![1]!
    const post = (token: string): ReturnType<typeof request> =>
      request('POST', '/-/delete-group', new URLSearchParams({ token, group: field('group') }).toString(), {
        'content-type': 'application/x-www-form-urlencoded',
      })
    assert.equal((await post('guessed')).status, 403)
    assert.equal((await pushed()).length, 3)
    const done = await post(field('token'))
    assert.deepEqual([done.status, done.headers.get('location')], [303, '/'])
    assert.deepEqual(await pushed(), [])
    assert.match((await request('GET', '/status')).text, /web\.telemetry-path/)
  }))

test("counts its requests under upstream's names", () =>
  withPushgateway(async ({ request }) => {
    await request('POST', GROUP, 'a 1\n')
    await request('POST', GROUP, 'a\n')
    await request('DELETE', GROUP)
    const { text } = await request('GET', '/metrics')
    assert.match(text, /^pushgateway_http_requests_total\{code="200",handler="push",method="post"\} 1$/m)
    assert.match(text, /^pushgateway_http_requests_total\{code="400",handler="push",method="post"\} 1$/m)
    assert.match(text, /^pushgateway_http_requests_total\{code="202",handler="delete",method="delete"\} 1$/m)
    assert.match(text, /^pushgateway_http_push_size_bytes_sum\{method="post"\} 4$/m)
    assert.match(text, /^pushgateway_build_info\{.*version="1\.11\.2"\} 1$/m)
  }))
