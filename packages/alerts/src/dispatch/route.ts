import { labelValue } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { quoteGo } from '@quartet/query'
import { durationMs } from '../config/fields.ts'
import { formatMatchers, LabelMatcher, matchesAll, sortMatchers } from '../config/matcher/label-matcher.ts'
import { GROUP_BY_ALL } from '../config/route-config.ts'
import type { RouteConfig } from '../config/route-config.ts'

/** How a group of one route behaves, after inheritance. */
export interface RouteOptions {
  readonly receiver: string
  readonly groupBy: readonly string[]
  readonly groupByAll: boolean
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatIntervalMs: number
  readonly muteTimeIntervals: readonly string[]
  readonly activeTimeIntervals: readonly string[]
}

export const DEFAULT_ROUTE_OPTIONS: RouteOptions = {
  receiver: '',
  groupBy: [],
  groupByAll: false,
  groupWaitMs: 30_000,
  groupIntervalMs: 300_000,
  repeatIntervalMs: 14_400_000,
  muteTimeIntervals: [],
  activeTimeIntervals: [],
}

/** A node of the routing tree, ready to match. */
export class Route {
  readonly options: RouteOptions
  readonly matchers: readonly LabelMatcher[]
  readonly continues: boolean
  readonly routes: readonly Route[]
  /** `{}/{owner="a"}`: the matchers from the root down, which begins every group key. */
  readonly key: string
  /** Tells routes with equal matchers apart. */
  readonly id: string

  constructor(config: RouteConfig, parent?: Route, index = 0) {
    this.options = inherit(parent?.options ?? DEFAULT_ROUTE_OPTIONS, config)
    this.matchers = routeMatchers(config)
    this.continues = config.continue
    this.key = (parent ? `${parent.key}/` : '') + formatMatchers(this.matchers)
    this.id = parent ? `${parent.id}/${formatMatchers(this.matchers)}/${index}` : this.key
    this.routes = (config.routes ?? []).map((child, place) => new Route(child, this, place))
  }

  /** The routes that an alert takes, in order: the deepest matching ones; a sibling follows only after `continue`. */
  match(labels: Labels): readonly Route[] {
    if (!matchesAll(this.matchers, labels)) return []
    const found: Route[] = []
    for (const route of this.routes) {
      const matches = route.match(labels)
      found.push(...matches)
      if (matches.length > 0 && !route.continues) break
    }
    return found.length > 0 ? found : [this]
  }

  *walk(): Iterable<Route> {
    yield this
    for (const route of this.routes) yield* route.walk()
  }

  groupLabels(labels: Labels): Labels {
    const { groupBy, groupByAll } = this.options
    if (groupByAll) return labels
    return labels.filter(([name]) => groupBy.includes(name))
  }
}

/** `{a="b", c="d"}`, as upstream prints label sets. */
export function formatLabelSet(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${name}=${quoteGo(value)}`).join(', ')}}`
}

/** Deprecated maps and matchers together, in upstream's order. */
export function combineMatchers(
  match: Readonly<Record<string, string>> | undefined,
  matchRegex: Readonly<Record<string, string>> | undefined,
  matchers: readonly LabelMatcher[] | undefined,
): readonly LabelMatcher[] {
  return sortMatchers([
    ...Object.entries(match ?? {}).map(([name, value]) => new LabelMatcher('=', name, value)),
    // Upstream stores these patterns anchored, and they show so in keys.
    ...Object.entries(matchRegex ?? {}).map(([name, value]) => new LabelMatcher('=~', name, `^(?:${value})$`)),
    ...(matchers ?? []),
  ])
}

export function haveEqualLabels(names: readonly string[], a: Labels, b: Labels): boolean {
  return names.every((name) => labelValue(a, name) === labelValue(b, name))
}

function routeMatchers(config: RouteConfig): readonly LabelMatcher[] {
  return combineMatchers(config.match, config.match_re, config.matchers)
}

function inherit(parent: RouteOptions, config: RouteConfig): RouteOptions {
  const isGrouped = config.group_by !== undefined
  const ms = (text: string | undefined, inherited: number): number =>
    text === undefined ? inherited : durationMs(text)
  return {
    receiver: config.receiver || parent.receiver,
    groupByAll: isGrouped ? config.group_by!.includes(GROUP_BY_ALL) : parent.groupByAll,
    groupBy: isGrouped ? config.group_by!.filter((name) => name !== GROUP_BY_ALL) : parent.groupBy,
    groupWaitMs: ms(config.group_wait, parent.groupWaitMs),
    groupIntervalMs: ms(config.group_interval, parent.groupIntervalMs),
    repeatIntervalMs: ms(config.repeat_interval, parent.repeatIntervalMs),
    // Times are a route's own.
    muteTimeIntervals: config.mute_time_intervals ?? [],
    activeTimeIntervals: config.active_time_intervals ?? [],
  }
}
