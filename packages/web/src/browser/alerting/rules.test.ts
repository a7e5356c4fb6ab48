import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DataSourceDto } from '../../common/api.ts'
import { matchesRule, parseRuleFilter, withKeyword } from './rule-filter.ts'
import { findRule, ruleId } from './rule-id.ts'
import { countStates, formatSeconds, groupRules, rulesOf, shortFile, type Rule } from './rules.ts'

const source: DataSourceDto = {
  uid: 'prometheus',
  name: 'My Prometheus',
  type: 'prometheus',
  url: '',
  isDefault: true,
  jsonData: {},
  readOnly: true,
}

const instance = (state: string, service: string) => ({
  labels: { alertname: 'Errors', service },
  annotations: {},
  state,
  activeAt: '2026-01-01T00:00:00Z',
  value: '+Inf',
})

const rules: Rule[] = rulesOf(source, {
  data: {
    groups: [
      {
        name: 'shop',
        file: '/etc/rules/shop.yml',
        interval: 15,
        rules: [
          {
            type: 'alerting',
            name: 'Errors',
            state: 'firing',
            query: 'errors > 1',
            labels: { severity: 'critical' },
            alerts: [instance('pending', 'b'), instance('firing', 'c'), instance('firing', 'a')],
            health: 'ok',
          },
          { type: 'alerting', name: 'Errors', state: 'inactive', query: 'errors > 5', labels: {}, health: 'ok' },
          { type: 'recording', name: 'job:up:sum', query: 'sum by (job) (up)', health: 'ok' },
        ],
      },
      {
        name: 'base',
        file: '/etc/rules/base.yml',
        rules: [
          { type: 'alerting', name: 'Broken', state: 'inactive', query: 'a + b', health: 'err', lastError: 'no' },
          { type: 'alerting', name: 'New', state: 'unknown', query: 'a', health: 'unknown' },
        ],
      },
    ],
  },
})

test('a rule’s state is the store’s, but a rule that fails is in error', () => {
  assert.deepEqual(countStates(rules), { firing: 1, pending: 0, error: 1, unknown: 1, normal: 1, recording: 1 })
})

test('instances come firing first, then by labels, with infinite values', () => {
  assert.deepEqual(
    rules[0]?.instances.map(({ state, labels, value }) => `${state} ${labels['service']} ${value}`),
    ['firing a Infinity', 'firing c Infinity', 'pending b Infinity'],
  )
})

test('a store may leave out everything that is empty', () => {
  assert.deepEqual(rulesOf(source, { data: { groups: null } }), [])
  assert.deepEqual(rulesOf(source, { data: { groups: [{ name: 'x', rules: null }] } }), [])
})

test('groups keep the order of the store', () => {
  const groups = groupRules(rules)
  assert.deepEqual(
    groups.map(({ name, file, intervalSeconds, rules: inside }) => [
      name,
      shortFile(file),
      intervalSeconds,
      inside.length,
    ]),
    [
      ['shop', 'shop.yml', 15, 3],
      ['base', 'base.yml', 0, 2],
    ],
  )
})

test('an id finds its rule among others of its name', () => {
  assert.equal(new Set(rules.map(ruleId)).size, rules.length)
  for (const rule of rules) assert.equal(findRule(rules, ruleId(rule)), rule)
})

const found = (text: string): string[] =>
  rules.filter((rule) => matchesRule(rule, parseRuleFilter(text))).map(({ name, query }) => `${name}: ${query}`)

test('the search finds by words, state, type, data source, place and labels', () => {
  assert.equal(found('').length, 5)
  assert.deepEqual(found('state:firing'), ['Errors: errors > 1'])
  assert.deepEqual(found('state:inactive state:error'), ['Errors: errors > 5', 'Broken: a + b'])
  assert.deepEqual(found('type:recording'), ['job:up:sum: sum by (job) (up)'])
  assert.deepEqual(found('job:up'), ['job:up:sum: sum by (job) (up)'], 'a colon alone makes no keyword')
  assert.equal(found('datasource:"my prometheus"').length, 5)
  assert.equal(found('datasource:loki').length, 0)
  assert.deepEqual(found('label:severity=critical'), ['Errors: errors > 1'])
  assert.deepEqual(found('label:service=b'), ['Errors: errors > 1'], 'a label of an instance counts')
  assert.deepEqual(found('label:"severity=critical" label:service=z'), [])
  assert.deepEqual(found('namespace:base group:base rule:new'), ['New: a'])
  assert.deepEqual(found('health:error'), ['Broken: a + b'])
  assert.deepEqual(found('ERRORS critical'), ['Errors: errors > 1'])
})

test('a control changes its own keyword and nothing else', () => {
  assert.equal(withKeyword('disk state:firing label:a=b', 'state', ['error']), 'state:error disk label:a=b')
  assert.equal(withKeyword('state:firing x', 'state', []), 'x')
  assert.equal(withKeyword('x', 'datasource', ['My Prometheus']), 'datasource:"My Prometheus" x')
})

test('durations read as they are written in rules', () => {
  assert.deepEqual([0, 0.0042, 15, 90, 3600, 90_061].map(formatSeconds), [
    '0s',
    '4ms',
    '15s',
    '1m30s',
    '1h',
    '1d1h1m1s',
  ])
})
