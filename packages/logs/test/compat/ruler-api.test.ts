import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { startRuler, writeRules } from '../support/ruler.ts'

const RULES = `
groups:
- name: g
  interval: 30s
  rules:
  - record: lines:rate1m
    expr: sum(rate({app="a"}[1m])) by (app)
    labels: {team: x}
  - alert: Loud
    expr: |
      sum by (app) (count_over_time({app="a"}[5m])) > 1
    for: 1m
    labels: {severity: page}
    annotations: {summary: '{{ $labels.app }}: {{ $value }}'}
- name: h
  limit: 3
  rules:
  - {alert: Log, expr: '{app="a"}'}
`
const WRITTEN = `one.yml:
    - name: g
      interval: 30s
      rules:
        - record: lines:rate1m
          expr: sum(rate({app="a"}[1m])) by (app)
          labels:
            team: x
        - alert: Loud
          expr: |
            sum by (app) (count_over_time({app="a"}[5m])) > 1
          for: 1m
          labels:
            severity: page
          annotations:
            summary: '{{ $labels.app }}: {{ $value }}'
    - name: h
      limit: 3
      rules:
        - alert: Log
          expr: '{app="a"}'
`
const GROUP = 'name: x\nrules:\n- {record: y, expr: "vector(1)"}\n- {record: z, expr: "vector(2)"}\n'

test('rule files are listed as they are written, and cannot be written to', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const rest =
    'auth_enabled: false\nlimits_config: {ruler_max_rules_per_rule_group: 2, ruler_max_rule_groups_per_tenant: 3}\n'
  const loki = await startRuler(directory.path, { files: { 'fake/one.yml': RULES, 'fake/two.yml': '' }, rest })
  t.after(() => loki.running.stop())
  for (const base of ['/loki/api/v1/rules', '/api/prom/rules']) {
    for (const path of [base, `${base}/one.yml`]) {
      assert.deepEqual(await loki.ask(path), { status: 200, type: 'application/yaml', text: WRITTEN }, path)
    }
    const filtered = await loki.ask(`${base}?labels=team:x`)
    assert.match(filtered.text, /record: lines/)
    assert.doesNotMatch(filtered.text, /alert:/)
    const answers = async (method: string, path: string, body?: string) => {
      const headers = { 'content-type': 'application/yaml' }
      const { status, text } = await loki.ask(base + path, { method, ...(body !== undefined && { body, headers }) })
      return [status, text]
    }
    assert.deepEqual(await answers('GET', '/two.yml'), [404, 'no rule groups found\n'])
    assert.deepEqual(await answers('GET', '/one.yml/g'), [400, 'GetRuleGroup unsupported in rule local store\n'])
    const [status, missing] = await answers('GET', '/none.yml')
    assert.deepEqual([status, /^error parsing .*rules\/fake\/none\.yml: /.test(String(missing))], [400, true])
    assert.equal((await answers('GET', '/..%2Fother%2Fx.yml'))[0], 400)
    assert.deepEqual(await answers('POST', '/one.yml', GROUP), [500, 'SetRuleGroup unsupported in rule local store\n'])
    assert.deepEqual(await answers('POST', '/one.yml', 'nope: 1\n'), [400, 'unable to decoded rule group\n'])
    assert.match(
      String((await answers('POST', '/one.yml', GROUP.replace('vector(1)', 'rate(')))[1]),
      /could not parse expression: parse error/,
    )
    assert.deepEqual(await answers('POST', '/one.yml', `${GROUP}- {record: w, expr: "vector(2)"}\n`), [
      400,
      'per-user rules per rule group limit (limit: 2 actual: 3) exceeded\n',
    ])
    const unsupported = (what: string) =>
      `{"status":"error","data":null,"errorType":"server_error","error":"${what} unsupported in rule local store"}`
    assert.deepEqual(await answers('DELETE', '/one.yml/g'), [500, unsupported('DeleteRuleGroup')])
    assert.deepEqual(await answers('DELETE', '/one.yml'), [500, unsupported('DeleteNamespace')])
  }
  await writeRules(directory.path, 'fake/three.yml', `groups:\n- ${GROUP.replaceAll('\n', '\n  ')}`)
  const full = await loki.ask('/loki/api/v1/rules/n', {
    method: 'POST',
    body: GROUP,
    headers: { 'content-type': 'application/yaml' },
  })
  assert.deepEqual([full.status, full.text], [400, 'per-user rule groups limit (limit: 3 actual: 4) exceeded\n'])
  assert.match((await loki.ask('/ruler/ring')).text, /Ruler running with shards disabled/)
})

test('what rules found, in the JSON of Prometheus', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const loki = await startRuler(directory.path, { files: { 'fake/one.yml': RULES } })
  t.after(() => loki.running.stop())
  const before = await loki.json('/prometheus/api/v1/rules')
  assert.deepEqual(before.data.groups[0].rules[0], {
    name: 'lines:rate1m',
    query: 'sum by (app)(rate({app="a"}[1m]))',
    labels: { team: 'x' },
    health: 'unknown',
    lastError: '',
    type: 'recording',
    lastEvaluation: '0001-01-01T00:00:00Z',
    evaluationTime: 0,
  })
  await loki.push({ app: 'a' }, ['one', 'two'])
  await loki.advanceUntil(async () => (await loki.json('/prometheus/api/v1/alerts')).data.alerts.length === 1)
  const { status, data, errorType, error } = await loki.json('/prometheus/api/v1/alerts')
  assert.deepEqual([status, errorType, error], ['success', '', ''])
  const [alert] = data.alerts
  assert.deepEqual(alert, {
    labels: { alertname: 'Loud', app: 'a', severity: 'page' },
    annotations: { summary: 'a: 2' },
    state: 'pending',
    activeAt: alert.activeAt,
    value: '2e+00',
  })
  await loki.advanceUntil(
    async () => (await loki.json('/prometheus/api/v1/rules?rule_name=Log')).data.groups[0].rules[0].health === 'err',
  )
  const names = async (query: string): Promise<unknown> =>
    (await loki.json(`/prometheus/api/v1/rules?${query}`)).data.groups.map(
      ({ name, file, rules }: { name: string; file: string; rules: { name: string }[] }) => [
        file,
        name,
        ...rules.map((rule) => rule.name),
      ],
    )
  assert.deepEqual(await names(''), [
    ['one.yml', 'g', 'lines:rate1m', 'Loud'],
    ['one.yml', 'h', 'Log'],
  ])
  assert.deepEqual(await names('type=alert'), [
    ['one.yml', 'g', 'Loud'],
    ['one.yml', 'h', 'Log'],
  ])
  assert.deepEqual(await names('type=record'), [['one.yml', 'g', 'lines:rate1m']])
  assert.deepEqual(await names('rule_group[]=h'), [['one.yml', 'h', 'Log']])
  assert.deepEqual(await names('file=two.yml'), [])
  const refused = await loki.ask('/prometheus/api/v1/rules?type=x')
  assert.deepEqual(
    [refused.status, refused.text],
    [400, '{"status":"error","data":null,"errorType":"bad_data","error":"not supported value \\"x\\""}'],
  )
  const [, h] = (await loki.json('/prometheus/api/v1/rules')).data.groups
  assert.deepEqual([h.limit, h.interval, h.rules[0].lastError], [3, 60, 'rule result is not a vector or scalar'])
  const metrics = (await loki.ask('/metrics')).text
  assert.match(metrics, /^loki_prometheus_rule_evaluations_total\{rule_group="\/rules\/fake\/one\.yml;g"\} [1-9]/m)
  assert.match(metrics, /^loki_prometheus_notifications_queue_capacity 10000/m)
})

test('a file that cannot be read leaves what runs alone; it is in force at the next poll once it is mended', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const bad = 'groups: [{name: b, rules: [{alert: B, expr: "rate({a=\\"b\\"})"}]}]\n'
  const loki = await startRuler(directory.path, { files: { 'fake/one.yml': RULES, 'fake/bad.yml': bad } })
  t.after(() => loki.running.stop())
  assert.match(
    loki.running.notices.join(),
    /Rules of Loki are not in force: failed to list rule group for user fake and namespace bad\.yml/,
  )
  assert.deepEqual((await loki.json('/prometheus/api/v1/rules')).data.groups, [])
  const listed = await loki.ask('/loki/api/v1/rules')
  assert.equal(listed.status, 400)
  assert.match(listed.text, /bad\.yml:1:\d+: error: group "b", rule 1, "B": could not parse expression: parse error/)
  await rm(join(directory.path, 'rules', 'fake', 'bad.yml'))
  await loki.advanceUntil(async () => (await loki.json('/prometheus/api/v1/rules')).data.groups.length === 2)
})

test('tenants see their own rules; without a ruler there is no API of one', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const two = 'groups: [{name: t, rules: [{record: r, expr: vector(1)}]}]\n'
  const files = { 'a/one.yml': RULES, 'b/two.yml': two, 'c/three.yml': two }
  const loki = await startRuler(directory.path, {
    files,
    rest: 'auth_enabled: true\n',
    ruler: '  disabled_tenants: c\n',
  })
  t.after(() => loki.running.stop())
  const groups = async (tenant: string): Promise<number> => {
    const { text } = await loki.ask('/prometheus/api/v1/rules', { headers: { 'x-scope-orgid': tenant } })
    return JSON.parse(text).data.groups.length
  }
  assert.deepEqual([await groups('a'), await groups('b'), await groups('c'), await groups('d')], [2, 1, 0, 0])
  assert.equal((await loki.ask('/prometheus/api/v1/rules')).status, 401)
  assert.equal((await loki.ask('/loki/api/v1/rules', { headers: { 'x-scope-orgid': 'd' } })).status, 400)
  const elsewhere = await temporaryDirectory()
  t.after(() => elsewhere.remove())
  const off = await startRuler(elsewhere.path, { files, ruler: '  enable_api: false\n' })
  t.after(() => off.running.stop())
  assert.equal((await off.ask('/loki/api/v1/rules')).status, 404)
})
