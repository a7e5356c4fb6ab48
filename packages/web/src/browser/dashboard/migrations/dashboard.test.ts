import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrateDashboard } from './dashboard.ts'

const panelOf = (panel: object) => {
  const [migrated] = migrateDashboard({ title: 't', panels: [panel] }).panels
  assert.ok(migrated)
  return migrated
}

test('graph becomes timeseries: drawing, axis, legend', () => {
  const panel = panelOf({
    type: 'graph',
    title: 'CPU',
    fill: 2,
    linewidth: 3,
    stack: true,
    nullPointMode: 'connected',
    legend: { show: true, values: true, avg: true, current: true, alignAsTable: true, rightSide: true },
    tooltip: { shared: true, sort: 2 },
    yaxes: [{ format: 'percent', min: '0', max: 100, logBase: 1, label: 'load' }, {}],
    targets: [{ expr: 'up' }],
  })
  assert.equal(panel.type, 'timeseries')
  assert.equal(panel.targets[0]?.refId, 'A')
  const { defaults } = panel.fieldConfig
  assert.equal(defaults['unit'], 'percent')
  assert.equal(defaults['min'], 0)
  const custom = defaults['custom'] as Record<string, unknown>
  assert.equal(custom['fillOpacity'], 20)
  assert.equal(custom['lineWidth'], 3)
  assert.equal(custom['spanNulls'], true)
  assert.deepEqual(custom['stacking'], { mode: 'normal', group: 'A' })
  assert.deepEqual(panel.options['legend'], {
    showLegend: true,
    displayMode: 'table',
    placement: 'right',
    calcs: ['mean', 'lastNotNull'],
  })
  assert.deepEqual(panel.options['tooltip'], { mode: 'multi', sort: 'desc' })
})

test('graph: series overrides and right axis', () => {
  const panel = panelOf({
    type: 'graph',
    yaxes: [{}, { format: 'bytes' }],
    aliasColors: { a: '#fff' },
    seriesOverrides: [{ alias: '/free.*/', yaxis: 2, transform: 'negative-Y', fill: 0 }],
  })
  assert.deepEqual(panel.fieldConfig.overrides[1], {
    matcher: { id: 'byRegexp', options: '/free.*/' },
    properties: [
      { id: 'custom.axisPlacement', value: 'right' },
      { id: 'unit', value: 'bytes' },
      { id: 'custom.transform', value: 'negative-Y' },
      { id: 'custom.fillOpacity', value: 0 },
    ],
  })
})

test('graph: thresholds above and below', () => {
  const steps = (thresholds: object[]) =>
    (panelOf({ type: 'graph', thresholds }).fieldConfig.defaults['thresholds'] as { steps: unknown }).steps
  assert.deepEqual(steps([{ value: 80, op: 'gt', colorMode: 'critical', fill: true }]), [
    { color: 'transparent', value: null },
    { color: 'red', value: 80 },
  ])
  assert.deepEqual(steps([{ value: 10, op: 'lt', colorMode: 'warning' }]), [
    { color: 'orange', value: null },
    { color: 'transparent', value: 10 },
  ])
})

test('singlestat becomes stat, with thresholds and mappings', () => {
  const panel = panelOf({
    type: 'singlestat',
    format: 's',
    valueName: 'current',
    colorBackground: true,
    thresholds: '50,80',
    colors: ['g', 'o', 'r'],
    sparkline: { show: true },
    valueMaps: [
      { value: 'null', text: 'N/A' },
      { value: '1', text: 'UP' },
    ],
  })
  assert.equal(panel.type, 'stat')
  assert.equal(panel.options['colorMode'], 'background')
  assert.equal(panel.options['graphMode'], 'area')
  assert.deepEqual((panel.options['reduceOptions'] as { calcs: string[] }).calcs, ['lastNotNull'])
  assert.deepEqual(panel.fieldConfig.defaults['thresholds'], {
    mode: 'absolute',
    steps: [
      { value: null, color: 'g' },
      { value: 50, color: 'o' },
      { value: 80, color: 'r' },
    ],
  })
  assert.equal((panel.fieldConfig.defaults['mappings'] as unknown[]).length, 2)
})

test('singlestat that showed a gauge becomes a gauge', () => {
  const panel = panelOf({ type: 'singlestat', gauge: { show: true, minValue: 0, maxValue: 10 } })
  assert.equal(panel.type, 'gauge')
  assert.equal(panel.fieldConfig.defaults['max'], 10)
})

test('the old table becomes the new one', () => {
  const panel = panelOf({
    type: 'table-old',
    transform: 'timeseries_aggregations',
    columns: [{ text: 'Avg', value: 'avg' }],
    sort: { col: 0, desc: true },
    styles: [
      { pattern: 'Time', type: 'hidden' },
      { pattern: '/.*/', type: 'number', unit: 'short', decimals: 2 },
      {
        pattern: 'x',
        type: 'number',
        unit: 's',
        link: true,
        linkUrl: '/d/y?var=${__cell}&o=$__cell_2',
        colorMode: 'cell',
        thresholds: ['1'],
        colors: ['a', 'b'],
      },
    ],
  })
  assert.equal(panel.type, 'table')
  assert.equal(panel.fieldConfig.defaults['unit'], 'short')
  assert.equal(panel.transformations[0]?.id, 'reduce')
  assert.deepEqual(panel.options['sortBy'], [{ displayName: 'Avg', desc: true }])
  const link = panel.fieldConfig.overrides[1]?.properties.find(({ id }) => id === 'links')?.value
  assert.deepEqual(link, [{ title: '', url: '/d/y?var=${__value.text}&o=${__data.fields[2]}', targetBlank: false }])
})

test('a table without styles is left alone', () => {
  assert.deepEqual(panelOf({ type: 'table', options: { showHeader: false } }).options, { showHeader: false })
})

test('rows of old dashboards are laid on the grid', () => {
  const { panels } = migrateDashboard({
    rows: [
      {
        title: 'One',
        height: '250px',
        showTitle: true,
        panels: [
          { id: 1, type: 'graph', span: 8 },
          { id: 2, type: 'graph', span: 8 },
        ],
      },
      { title: 'Two', collapse: true, panels: [{ id: 3, type: 'text' }] },
    ],
  })
  assert.deepEqual(
    panels.map(({ type, gridPos }) => [type, gridPos.x, gridPos.y, gridPos.w, gridPos.h]),
    [
      ['row', 0, 0, 24, 1],
      ['timeseries', 0, 1, 16, 7],
      ['timeseries', 0, 8, 16, 7],
      ['row', 0, 15, 24, 1],
    ],
  )
  assert.equal(panels[3]?.panels?.[0]?.id, 3)
})

test('data sources by name become references, inputs the default', () => {
  const dashboard = migrateDashboard({
    __inputs: [{ name: 'DS_PROM', type: 'datasource', pluginId: 'prometheus' }],
    panels: [
      { type: 'stat', datasource: 'Prometheus' },
      { type: 'stat', datasource: { type: 'prometheus', uid: '${DS_PROM}' } },
      { type: 'stat', datasource: null },
    ],
  })
  assert.deepEqual(
    dashboard.panels.map(({ datasource }) => datasource),
    [{ uid: 'Prometheus' }, { type: 'prometheus', uid: '' }, undefined],
  )
})

test('text panels keep their old content', () => {
  assert.deepEqual(panelOf({ type: 'text', mode: 'html', content: '<b>x</b>' }).options, {
    mode: 'html',
    content: '<b>x</b>',
  })
})
