const prometheus = { type: 'prometheus', uid: 'prometheus' }
const loki = { type: 'loki', uid: 'loki' }
const tempo = { type: 'tempo', uid: 'tempo' }

const rate = 'sum by (job) (rate(http_server_request_duration_seconds_count{job=~"$job"}[$__rate_interval]))'
const instant = { refId: 'A', expr: 'sum by (job) (up)', instant: true, legendFormat: '{{job}}' }
const thresholds = {
  mode: 'absolute',
  steps: [
    { color: 'green', value: null },
    { color: 'orange', value: 15 },
    { color: 'red', value: 25 },
  ],
}

const position = (x: number, y: number, w: number, h: number) => ({ x, y, w, h })

const nothing = { refId: 'A', expr: 'nothing', instant: true }

/** Panels whose queries find nothing, each with a text for that. */
export const empty = {
  uid: 'empty',
  title: 'Without data',
  schemaVersion: 41,
  version: 1,
  time: { from: 'now-1h', to: 'now' },
  panels: ['timeseries', 'bargauge', 'gauge', 'piechart', 'table', 'stat'].map((type, index) => ({
    id: index + 1,
    type,
    title: `A ${type}`,
    gridPos: position(4 * index, 0, 4, 6),
    datasource: prometheus,
    targets: [{ ...nothing, instant: type !== 'timeseries', format: type === 'table' ? 'table' : 'time_series' }],
    fieldConfig: { defaults: { noValue: `No ${type}` }, overrides: [] },
  })),
}

/** One panel of each type that is built, an unknown one, a failing one, rows, a repeated panel and variables. */
export const overview = {
  uid: 'overview',
  title: 'Service overview',
  tags: ['red', 'shop'],
  schemaVersion: 41,
  version: 1,
  time: { from: 'now-1h', to: 'now' },
  refresh: '',
  graphTooltip: 1,
  links: [{ type: 'link', title: 'Explore the shop', url: '/explore', icon: 'external link' }],
  templating: {
    list: [
      {
        name: 'job',
        label: 'Service',
        type: 'query',
        datasource: prometheus,
        query: 'label_values(up, job)',
        multi: true,
        includeAll: true,
        current: { value: ['$__all'], text: ['All'] },
      },
      { name: 'percentile', type: 'custom', query: '0.5,0.95,0.99', current: { value: '0.95', text: '0.95' } },
    ],
  },
  annotations: {
    list: [{ name: 'Deployments', enable: true, iconColor: 'purple', datasource: prometheus, expr: 'deployments' }],
  },
  panels: [
    {
      id: 1,
      type: 'timeseries',
      title: 'Requests per second',
      description: 'By service',
      gridPos: position(0, 0, 12, 8),
      datasource: prometheus,
      targets: [{ refId: 'A', expr: rate, legendFormat: '{{job}}', exemplar: true }],
      fieldConfig: {
        defaults: { unit: 'reqps', custom: { fillOpacity: 15, lineWidth: 2, thresholdsStyle: { mode: 'off' } } },
        overrides: [],
      },
      options: {
        legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['mean', 'max', 'lastNotNull'] },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
    },
    {
      id: 2,
      type: 'timeseries',
      title: 'Latency, stacked bars',
      gridPos: position(12, 0, 12, 8),
      datasource: prometheus,
      targets: [{ refId: 'A', expr: 'histogram_quantile($percentile, duration)', legendFormat: '{{job}}' }],
      fieldConfig: {
        defaults: {
          unit: 's',
          custom: { drawStyle: 'bars', fillOpacity: 80, stacking: { mode: 'normal', group: 'A' } },
        },
        overrides: [],
      },
    },
    {
      id: 3,
      type: 'stat',
      title: 'Up',
      gridPos: position(0, 8, 6, 5),
      datasource: prometheus,
      targets: [{ refId: 'A', expr: rate, legendFormat: '{{job}}' }],
      fieldConfig: { defaults: { unit: 'reqps', thresholds, color: { mode: 'thresholds' } }, overrides: [] },
      options: { colorMode: 'background', graphMode: 'area' },
    },
    {
      id: 4,
      type: 'gauge',
      title: 'Saturation',
      gridPos: position(6, 8, 6, 5),
      datasource: prometheus,
      targets: [instant],
      fieldConfig: { defaults: { unit: 'percent', min: 0, max: 40, thresholds }, overrides: [] },
    },
    {
      id: 5,
      type: 'bargauge',
      title: 'Queue length',
      gridPos: position(12, 8, 6, 5),
      datasource: prometheus,
      targets: [instant],
      options: { displayMode: 'gradient' },
      fieldConfig: { defaults: { min: 0, max: 40, thresholds }, overrides: [] },
    },
    {
      id: 6,
      type: 'piechart',
      title: 'Share of requests',
      gridPos: position(18, 8, 6, 5),
      datasource: prometheus,
      targets: [instant],
      options: {
        pieType: 'donut',
        legend: { showLegend: true, displayMode: 'table', placement: 'right', values: ['percent'] },
      },
    },
    { id: 10, type: 'row', title: 'Details', gridPos: position(0, 13, 24, 1), collapsed: false, panels: [] },
    {
      id: 11,
      type: 'table',
      title: 'Targets',
      gridPos: position(0, 14, 12, 7),
      datasource: prometheus,
      targets: [{ refId: 'A', expr: 'up', instant: true, format: 'table' }],
      transformations: [
        { id: 'organize', options: { excludeByName: { Time: true }, renameByName: { 'Value #A': 'Load' } } },
      ],
      fieldConfig: {
        defaults: {},
        overrides: [
          {
            matcher: { id: 'byName', options: 'Load' },
            properties: [
              { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'gradient' } },
              { id: 'max', value: 40 },
            ],
          },
        ],
      },
    },
    {
      id: 12,
      type: 'text',
      title: 'About',
      gridPos: position(12, 14, 6, 7),
      options: {
        mode: 'markdown',
        content:
          '## The shop\n\nThree services and a **load loop**. Chosen: `$job`\n\n- [Explore](/explore)\n<script>window.hacked = true</script><img src=x onerror="window.hacked = true">',
      },
    },
    {
      id: 13,
      type: 'timeseries',
      title: 'A query that fails',
      gridPos: position(18, 14, 6, 7),
      datasource: prometheus,
      targets: [{ refId: 'A', expr: 'broken(' }],
    },
    {
      id: 14,
      type: 'logs',
      title: 'Recent logs',
      gridPos: position(0, 21, 12, 9),
      datasource: loki,
      targets: [{ refId: 'A', expr: '{service_name=~"$job"}' }],
      options: { showTime: true },
    },
    {
      id: 15,
      type: 'table',
      title: 'Recent traces',
      gridPos: position(12, 21, 12, 9),
      datasource: tempo,
      targets: [{ refId: 'A', query: '{}', queryType: 'traceql' }],
    },
    { id: 16, type: 'canvas', title: 'Not built yet', gridPos: position(0, 30, 6, 5) },
    {
      id: 17,
      type: 'graph',
      title: 'An old graph',
      gridPos: position(6, 30, 18, 5),
      datasource: 'Prometheus',
      targets: [{ refId: 'A', expr: rate, legendFormat: '{{job}}' }],
      lines: true,
      fill: 3,
      yaxes: [{ format: 'reqps' }, {}],
    },
    {
      id: 20,
      type: 'row',
      title: 'Per service',
      gridPos: position(0, 35, 24, 1),
      collapsed: true,
      panels: [
        {
          id: 21,
          type: 'stat',
          title: 'Requests of $job',
          repeat: 'job',
          gridPos: position(0, 36, 8, 4),
          datasource: prometheus,
          targets: [{ refId: 'A', expr: rate }],
        },
      ],
    },
  ],
}
