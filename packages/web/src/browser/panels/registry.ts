import type { PanelPlugin, PanelPluginMeta } from '@grafana/data'

type Load = () => Promise<PanelPlugin>
type AnyPanel = { readonly plugin: unknown }

const load =
  (module: () => Promise<AnyPanel>): Load =>
  async () =>
    (await module()).plugin as PanelPlugin

/** One line per panel type; each is loaded when the first dashboard shows it. */
const panels: Readonly<Record<string, Load>> = {
  timeseries: load(() => import('./timeseries/time-series-panel.tsx')),
  stat: load(() => import('./stat/stat-panel.tsx')),
  gauge: load(() => import('./gauge/gauge-panel.tsx')),
  bargauge: load(() => import('./bar-gauge/bar-gauge-panel.tsx')),
  table: load(() => import('./table/table-panel.tsx')),
  text: load(() => import('./text/text-panel.tsx')),
  logs: load(() => import('./logs/logs-panel.tsx')),
  nodeGraph: load(() => import('./node-graph/node-graph-panel.tsx')),
  traces: load(() => import('./traces/traces-panel.tsx')),
  piechart: load(() => import('./piechart/pie-chart-panel.tsx')),
  'state-timeline': load(() => import('./state-timeline/state-timeline-panel.tsx')),
  'status-history': load(() => import('./status-history/status-history-panel.tsx')),
  alertlist: load(() => import('./alert-list/alert-list-panel.tsx')),
  dashlist: load(() => import('./dashboard-list/dashboard-list-panel.tsx')),
}

/** Panels that show something else than the answer to their queries. */
const withoutQueries = new Set(['text', 'dashlist', 'alertlist', 'row'])

const loaded = new Map<string, PanelPlugin>()

export async function importPanel(id: string): Promise<PanelPlugin> {
  const known = loaded.get(id)
  if (known) return known
  const plugin = await (panels[id] ?? unknownPanel(id))()
  plugin.meta = metaOf(id)
  loaded.set(id, plugin)
  return plugin
}

export function loadedPanel(id: string): PanelPlugin | undefined {
  return loaded.get(id)
}

function unknownPanel(id: string): Load {
  return async () => (await import('./unknown/unknown-panel.tsx')).unknownPanel(id)
}

function metaOf(id: string): PanelPluginMeta {
  return {
    id,
    name: id,
    type: 'panel' as PanelPluginMeta['type'],
    module: '',
    baseUrl: '',
    sort: 1,
    skipDataQuery: withoutQueries.has(id),
    info: {
      author: { name: '' },
      description: '',
      links: [],
      logos: { small: '', large: '' },
      screenshots: [],
      updated: '',
      version: '12.3.1',
    },
  }
}
