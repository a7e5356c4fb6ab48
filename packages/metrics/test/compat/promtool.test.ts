import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { checkRules } from '../../src/api/promtool/check.ts'
import { runUnitTests } from '../../src/api/promtool/unit-test-report.ts'

/** Unit tests of rules, good and bad ones, line by line against Debian's promtool. */
const PROMTOOL = '/usr/bin/promtool'
const skip = existsSync(PROMTOOL) ? false : `no ${PROMTOOL} here`

test('unit tests of rules give the same lines', { skip }, async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const rules = join(directory.path, 'rules.yml')
  await writeFile(rules, RULES)
  const path = join(directory.path, 'test.yml')
  await writeFile(path, TESTS)
  for (const run of [[], ['fine']]) {
    const told = { out: '', err: '' }
    const { isGood } = await runUnitTests({
      paths: [path],
      // Debian's has no --run: only the whole can be compared.
      run: run.map((name) => new RegExp(name)),
      features: {},
      print: (line) => (told.out += `${line}\n`),
      printError: (line) => (told.err += `${line}\n`),
    })
    assert.equal(isGood, run.length === 1)
    if (run.length === 1) continue
    const want = await promtool(['test', 'rules', path])
    assert.deepEqual({ ...told, code: isGood ? 0 : 1 }, want)
  }
  const told: string[] = []
  const options = {
    print: (line: string) => told.push(line),
    printError: (line: string) => told.push(line),
    features: {},
  }
  assert.equal(await checkRules([rules], { ...options, isLinted: true, isFatal: false }), 0)
  assert.equal(`${told.join('\n')}\n`, (await promtool(['check', 'rules', rules])).out)
})

function promtool(args: readonly string[]): Promise<{ out: string; err: string; code: number }> {
  return new Promise((resolve) => {
    execFile(PROMTOOL, args, (error, out, err) => resolve({ out, err, code: error ? Number(error.code) : 0 }))
  })
}

const RULES = `groups:
- name: one
  interval: 30s
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - alert: Down
    expr: up == 0
    for: 2m
    labels: {severity: page, team: "{{ $labels.job }}-team"}
    annotations: {summary: "{{ $labels.instance }} of {{ $externalLabels.dc }} is down: {{ $value }}"}
- name: two
  rules:
  - record: job:up:double
    expr: job:up:sum * 2
`

const TESTS = `rule_files: [rules.yml]
evaluation_interval: 1m
group_eval_order: [one, two]
tests:
- interval: 1m
  name: fine
  external_labels: {dc: x}
  input_series:
  - {series: 'up{job="a", instance="1"}', values: '1 1 0x10 _x2 1'}
  - {series: 'up{job="a", instance="2"}', values: '1+0x20'}
  alert_rule_test:
  - eval_time: 5m
    alertname: Down
    exp_alerts:
    - exp_labels: {severity: page, team: a-team, job: a, instance: "1"}
      exp_annotations: {summary: "1 of x is down: 0"}
  - {eval_time: 2m, alertname: Down}
  promql_expr_test:
  - expr: job:up:double
    eval_time: 4m
    exp_samples: [{labels: 'job:up:double{job="a"}', value: 2}]
  - expr: 'ALERTS{alertstate="firing"}'
    eval_time: 6m
    exp_samples: [{labels: 'ALERTS{alertstate="firing", alertname="Down", severity="page", team="a-team", job="a", instance="1"}', value: 1}]
- interval: 1m
  name: bad
  input_series:
  - {series: 'up{job="a", instance="1"}', values: '0x10 stale'}
  alert_rule_test:
  - eval_time: 5m
    alertname: Down
    exp_alerts: [{exp_labels: {severity: warn}}]
  - {eval_time: 7m30s, alertname: Down}
  promql_expr_test:
  - expr: job:up:double + 0.5
    eval_time: 4m
    exp_samples: [{labels: '{job="b"}', value: 2}, {labels: '{}', value: 1e9}, {labels: '{a="b"}', value: .123e-7}]
  - expr: nothing
    eval_time: 1h
    exp_samples: [{labels: 'x', value: 3}]
  - {expr: up, eval_time: 1m}
  - {expr: up, eval_time: 12m}
- input_series:
  - {series: 'up{job="c"}', values: '1'}
  - {series: 'up{job="d"', values: '1'}
`
