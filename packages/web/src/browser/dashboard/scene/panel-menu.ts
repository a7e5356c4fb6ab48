import type { PanelMenuItem } from '@grafana/data'
import { locationService } from '@grafana/runtime'
import { sceneGraph, SceneQueryRunner, VizPanel, type SceneObject, type VizPanelMenu } from '@grafana/scenes'
import { formatForSelector } from '../../datasources/escape.ts'
import { exploreUrl } from '../../explore/url.ts'
import type { TargetModel } from '../model.ts'

/** Fills a panel's menu at the moment it opens, when variables and data are known. */
export function panelMenuBehavior(menu: VizPanelMenu): void {
  const panel = sceneGraph.getAncestor(menu, VizPanel)
  const isViewed = locationService.getSearch().get('viewPanel') !== null
  const items: PanelMenuItem[] = [
    {
      text: isViewed ? 'Back to the dashboard' : 'View',
      iconClassName: 'eye',
      onClick: () => locationService.partial({ viewPanel: isViewed ? null : panel.state.key }),
    },
  ]
  const explore = exploreUrlOf(panel)
  if (explore) items.push({ text: 'Explore', iconClassName: 'compass', href: explore })
  items.push({
    text: 'Inspect',
    type: 'submenu',
    iconClassName: 'info-circle',
    subMenu: [
      { text: 'Data', onClick: () => inspect(panel, 'data') },
      { text: 'Query', onClick: () => inspect(panel, 'query') },
      { text: 'Panel JSON', onClick: () => inspect(panel, 'json') },
    ],
  })
  menu.setItems(items)
}

function inspect(panel: VizPanel, inspectTab: string): void {
  locationService.partial({ inspect: panel.state.key, inspectTab })
}

/** The panel's queries with their variables filled in. Nothing for panels without queries. */
function exploreUrlOf(panel: VizPanel): string | undefined {
  const runner = queryRunnerOf(panel)
  const queries = runner?.state.queries.filter(({ hide }) => hide !== true) ?? []
  const first = queries[0]
  if (!runner || !first) return undefined
  const reference = runner.state.datasource ?? (first['datasource'] as { uid?: string } | undefined)
  const uid =
    reference?.uid === '-- Mixed --' ? (first['datasource'] as { uid?: string } | undefined)?.uid : reference?.uid
  const { raw } = sceneGraph.getTimeRange(panel).state.value
  return exploreUrl({
    datasource: sceneGraph.interpolate(panel, uid ?? ''),
    queries: queries.map((query) => interpolateTarget(panel, query as unknown as TargetModel)),
    range: { from: String(raw.from.valueOf()), to: String(raw.to.valueOf()) },
  })
}

function interpolateTarget(panel: VizPanel, target: TargetModel): TargetModel {
  const { datasource: _, ...rest } = target
  const filled = Object.entries(rest).map(([name, value]) => [
    name,
    typeof value === 'string' ? keepIntervals(panel, value) : value,
  ])
  return Object.fromEntries(filled) as TargetModel
}

/** Interval variables depend on the width of the graph, so Explore fills in its own. */
function keepIntervals(panel: VizPanel, text: string): string {
  const hidden = text.replaceAll(/\$(__(?:rate_)?interval(?:_ms)?|__range(?:_s|_ms)?|__auto)\b/g, '\u0001$1')
  return sceneGraph.interpolate(panel, hidden, undefined, formatForSelector).replaceAll('\u0001', '$')
}

export function queryRunnerOf(panel: VizPanel): SceneQueryRunner | undefined {
  for (let data: SceneObject | undefined = panel.state.$data; data; data = data.state.$data) {
    if (data instanceof SceneQueryRunner) return data
  }
  return undefined
}
