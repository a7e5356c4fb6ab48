import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DataSourceDto } from '../../../common/api.ts'
import { rulesOf, type Rule } from '../../alerting/rules.ts'
import { chooseRules, defaults, groupInstances, migrateAlertList, type AlertListOptions } from './choose-rules.ts'

const source = {
  uid: 'p',
  name: 'Prometheus',
  type: 'prometheus',
  url: '',
  isDefault: true,
  jsonData: {},
  readOnly: true,
}

const alert = (service: string, activeAt: string, state = 'firing') => ({ labels: { service }, state, activeAt })

const rules: Rule[] = rulesOf(source satisfies DataSourceDto, {
  data: {
    groups: [
      {
        name: 'g',
        rules: [
          { type: 'alerting', name: 'B', state: 'firing', health: 'ok', alerts: [alert('x', '2026-01-02T00:00:00Z')] },
          {
            type: 'alerting',
            name: 'A',
            state: 'pending',
            health: 'ok',
            alerts: [alert('x', '2026-01-01T00:00:00Z', 'pending'), alert('y', '2026-01-03T00:00:00Z', 'pending')],
          },
          { type: 'alerting', name: 'C', state: 'inactive', health: 'ok', annotations: { __dashboardUid__: 'd' } },
          { type: 'alerting', name: 'D', state: 'inactive', health: 'err' },
          { type: 'recording', name: 'R', health: 'ok' },
        ],
      },
    ],
  },
})

const names = (options: Partial<AlertListOptions>, dashboardUid = ''): string =>
  chooseRules(rules, { ...defaults, ...options }, dashboardUid)
    .map(({ name }) => name)
    .join('')

test('states, name, data source and dashboard choose', () => {
  assert.equal(names({}), 'ABD')
  assert.equal(names({ stateFilter: { normal: true } }), 'C')
  assert.equal(names({ stateFilter: { firing: true }, showInactiveAlerts: true }), 'BC')
  assert.equal(names({ alertName: 'b' }), 'B')
  assert.equal(names({ datasource: 'Prometheus' }), 'ABD')
  assert.equal(names({ datasource: 'Loki' }), '')
  assert.equal(names({ dashboardAlerts: true, stateFilter: { normal: true } }, 'd'), 'C')
})

test('a filter of labels leaves the instances that match and their rules', () => {
  const [rule, ...others] = chooseRules(rules, { ...defaults, alertInstanceLabelFilter: '{service="y"}' }, '')
  assert.deepEqual([rule?.name, rule?.instances.length, others], ['A', 1, []])
})

test('the five orders of Grafana', () => {
  assert.deepEqual(
    ([1, 2, 3] as const).map((sortOrder) => names({ sortOrder })),
    ['ABD', 'DBA', 'BDA'],
  )
  const stateFilter = { firing: true, pending: true }
  assert.deepEqual(
    ([4, 5] as const).map((sortOrder) => names({ sortOrder, stateFilter })),
    ['AB', 'BA'],
  )
})

test('groups by label hold the instances of all rules', () => {
  const groups = groupInstances(chooseRules(rules, defaults, ''), ['service'])
  assert.deepEqual(
    groups.map(({ labels, instances }) => [labels, instances.map(({ rule }) => rule.name)]),
    [
      [[['service', 'x']], ['A', 'B']],
      [[['service', 'y']], ['A']],
    ],
  )
})

test('options of the panel before Grafana 8 are understood', () => {
  const old = {
    show: 'current',
    nameFilter: 'disk',
    stateFilter: { ok: true, alerting: true, no_data: false },
    maxItems: 5,
  }
  assert.deepEqual(migrateAlertList(old), {
    maxItems: 5,
    alertName: 'disk',
    stateFilter: { firing: true, pending: false, normal: true, error: false, noData: false },
  })
  const today = { stateFilter: { firing: true, error: false }, viewMode: 'stat' }
  assert.deepEqual(migrateAlertList(today), today)
})
