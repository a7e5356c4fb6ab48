import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { createSelfMetrics, silentLogger } from '@quartet/runtime'
import type { HttpServer } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { loadRuleFile, RuleManager } from '@quartet/rules'
import { QueryEngine } from '../../src/query/engine.ts'
import { QueryGate } from '../../src/query/query-gate.ts'
import { promqlLanguage } from '../../src/rules/promql-rules.ts'
import { ruleQueries } from '../../src/rules/rule-queries.ts'
import { startApi } from '../support/api-server.ts'
import { MemorySource } from '../support/memory-source.ts'
import { UPSTREAM_TEST_ENGINE } from '../support/promqltest.ts'

/** Upstream's requests to `/rules` and `/alerts`, over the rules of its own test. */
const PATH = `${process.env.QUARTET_CONFORMANCE ?? '/work/shared/conformance'}/prometheus-api/facts/endpoints.json`
const RULES = `
groups:
- name: grp
  interval: 1s
  rules:
  - {alert: test_metric3, expr: absent(test_metric3) != 1, for: 1s}
  - {alert: test_metric4, expr: up == 1, for: 1s}
  - {alert: test_metric5, expr: vector(1), for: 1s, labels: {name: tm5}}
  - {alert: test_metric6, expr: up == 1, for: 1s, labels: {testlabel: rule}}
  - {alert: test_metric7, expr: up == 1, for: 1s, labels: {templatedlabel: '{{ $externalURL }}'}}
  - {record: recording-rule-1, expr: vector(1)}
  - {record: recording-rule-2, expr: vector(1), labels: {testlabel: rule}}
- name: grp2
  interval: 1s
  rules:
  - {alert: test_metric3, expr: absent(test_metric3) != 1, for: 1s}
`

interface Case {
  readonly endpoint: string
  readonly query: Readonly<Record<string, readonly string[]>>
  readonly data?: Record<string, unknown>
  readonly data_json?: string
  readonly src_line: number
}

const cases: readonly Case[] = existsSync(PATH)
  ? (JSON.parse(readFileSync(PATH, 'utf8')).cases as Case[]).filter(({ endpoint }) =>
      /\/(rules|alerts)$/.test(endpoint),
    )
  : []
let server: HttpServer
let url = ''
let rules: RuleManager
let passed = 0

before(async () => {
  const clock = new FakeClock()
  const source = new MemorySource()
  const engine = new QueryEngine(source, { ...UPSTREAM_TEST_ENGINE, nowMs: () => clock.nowMs() })
  rules = new RuleManager({
    clock,
    logger: silentLogger,
    metrics: createSelfMetrics({ clock }),
    evaluate: ruleQueries({
      engine: () => engine,
      gate: new QueryGate(1),
      observe: () => undefined,
      monotonicMs: () => clock.monotonicMs(),
    }),
    sink: {
      epoch: 1,
      resolve: () => 0 as never,
      append: async () => ({ outOfOrder: 0, tooOld: 0, duplicate: 0 }),
      describe: () => undefined,
    },
    notify: () => undefined,
  })
  const { groups } = await loadRuleFile({ path: '/path/to/file', text: RULES, language: promqlLanguage({}) })
  const surroundings = { intervalMs: 1000, queryOffsetMs: 0, externalLabels: [], externalUrl: 'http://x' }
  await rules.update(groups, surroundings)
  await clock.advance(1000)
  ;({ server, url } = await startApi(source, { rules }))
})

after(async () => {
  await rules.stop()
  await server.close()
  console.log(`prometheus-api rules and alerts: ${passed} of ${cases.length} passed`)
})

async function get(path: string): Promise<{ status: number; body: Record<string, unknown>; text: string }> {
  const response = await fetch(url + path)
  const text = await response.text()
  return { status: response.status, body: JSON.parse(text), text }
}

for (const { endpoint, query, data, data_json: json, src_line: line } of cases) {
  test(`endpoints.json ${line}`, async () => {
    const form = new URLSearchParams(
      Object.entries(query).flatMap(([name, all]) => all.map((value): [string, string] => [name, value])),
    )
    const { status, body, text } = await get(`${endpoint.replace('GET ', '')}?${form}`)
    assert.equal(status, 200)
    if (json !== undefined) assert.equal(text, `{"status":"success","data":${json}}`)
    else compare(body['data'], data, '')
    passed++
  })
}

/** The table has the names of Go's fields, and leaves out what is not compared. */
function compare(found: unknown, wanted: unknown, path: string): void {
  if (Array.isArray(wanted)) {
    assert.ok(Array.isArray(found), path)
    assert.equal(found.length, wanted.length, `length of ${path}`)
    for (const [index, item] of wanted.entries()) compare(found[index], item, `${path}[${index}]`)
  } else if (typeof wanted === 'object' && wanted !== null) {
    for (const [key, item] of Object.entries(wanted)) {
      const name = key === 'RuleGroups' ? 'groups' : /^[A-Z]/.test(key) ? key[0].toLowerCase() + key.slice(1) : key
      const isOmitted = name === 'labels' && typeof item === 'object' && Object.keys(item ?? {}).length === 0
      const value = (found as Record<string, unknown>)[name]
      if (isOmitted && value === undefined) continue
      compare(value, item, `${path}.${name}`)
    }
  } else assert.deepEqual(found, wanted, path)
}

test('the whole answer, key by key', async () => {
  const { text } = await get('/api/v1/rules?rule_name[]=test_metric5&rule_name[]=recording-rule-1')
  const times = text.replaceAll(/"(evaluationTime)":[0-9.e-]+/g, '"$1":0').replaceAll(/"2026-[^"]+"/g, '"T"')
  assert.equal(
    times,
    '{"status":"success","data":{"groups":[{"name":"grp","file":"/path/to/file","rules":[' +
      '{"state":"pending","name":"test_metric5","query":"vector(1)","duration":1,"keepFiringFor":0,' +
      '"labels":{"name":"tm5"},"annotations":{},"alerts":[{"labels":{"alertname":"test_metric5","name":"tm5"},' +
      '"annotations":{},"state":"pending","activeAt":"T","value":"1e+00"}],"health":"ok","evaluationTime":0,' +
      '"lastEvaluation":"T","type":"alerting"},{"name":"recording-rule-1","query":"vector(1)","health":"ok",' +
      '"evaluationTime":0,"lastEvaluation":"T","type":"recording"}],"interval":1,"limit":0,"evaluationTime":0,' +
      '"lastEvaluation":"T"}]}}',
  )
})

test('pages follow each other by their tokens', async () => {
  const first = await get('/api/v1/rules?group_limit=1')
  const data = first.body['data'] as { groups: { name: string }[]; groupNextToken: string }
  assert.deepEqual([data.groups.map(({ name }) => name), data.groupNextToken.length], [['grp'], 40])
  const second = await get(`/api/v1/rules?group_limit=1&group_next_token=${data.groupNextToken}`)
  assert.match(second.text, /"name":"grp2"/)
  assert.doesNotMatch(second.text, /groupNextToken/)
})

const REFUSED: readonly (readonly [query: string, error: string])[] = [
  ['type=x', 'invalid parameter "type": not supported value "x"'],
  [
    'exclude_alerts=maybe',
    'invalid parameter "exclude_alerts": error converting exclude_alerts: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  ['group_limit=0', 'invalid parameter "group_limit": group_limit needs to be greater than 0'],
  [
    'group_limit=a',
    'invalid parameter "group_limit": group_limit needs to be a valid number: strconv.ParseInt: parsing "a": invalid syntax',
  ],
  [
    'group_next_token=t',
    'invalid parameter "group_next_token": group_limit needs to be present in order to paginate over the groups',
  ],
  [
    'group_limit=1&group_next_token=t',
    'invalid parameter "group_next_token": invalid group_next_token \'t\'. were rule groups changed?',
  ],
  ['match[]={a=~".*"}', 'match[] must contain at least one non-empty matcher'],
]
for (const [query, error] of REFUSED) {
  test(`refuses ${query}`, async () => {
    const { status, body } = await get(`/api/v1/rules?${query}`)
    assert.deepEqual([status, body['errorType'], body['error']], [400, 'bad_data', error])
  })
}
