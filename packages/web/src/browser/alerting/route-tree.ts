import type { RouteDto } from '../../common/alerting.ts'
import { matches, parseMatchers, type Matcher } from './matchers.ts'
import type { Labels } from './rules.ts'

/** A route with everything that it inherits. */
export interface RouteNode {
  /** Where it stands in the tree: `0`, `0.1` … */
  readonly key: string
  readonly matchers: readonly Matcher[]
  readonly receiver: string
  readonly groupBy: readonly string[]
  readonly groupWait: string
  readonly groupInterval: string
  readonly repeatInterval: string
  readonly goesOn: boolean
  readonly muteTimes: readonly string[]
  readonly activeTimes: readonly string[]
  readonly children: readonly RouteNode[]
}

const timing = { groupWait: '30s', groupInterval: '5m', repeatInterval: '4h' }

/** The tree of `route:`. What a route does not say it takes from the one above; times to mute are its own. */
export function routeTree(route: RouteDto): RouteNode {
  const above = { receiver: '', groupBy: [], ...timing }
  return build(route, above, '0')
}

type Inherited = Pick<RouteNode, 'receiver' | 'groupBy' | 'groupWait' | 'groupInterval' | 'repeatInterval'>

function build(route: RouteDto, above: Inherited, key: string): RouteNode {
  const own: Inherited = {
    receiver: route.receiver ?? above.receiver,
    groupBy: route.group_by ?? above.groupBy,
    groupWait: route.group_wait ?? above.groupWait,
    groupInterval: route.group_interval ?? above.groupInterval,
    repeatInterval: route.repeat_interval ?? above.repeatInterval,
  }
  return {
    key,
    ...own,
    matchers: matchersOf(route),
    goesOn: route.continue === true,
    muteTimes: route.mute_time_intervals ?? [],
    activeTimes: route.active_time_intervals ?? [],
    children: (route.routes ?? []).map((child, index) => build(child, own, `${key}.${index}`)),
  }
}

function matchersOf({ matchers, match, match_re: matchRe }: RouteDto): Matcher[] {
  const texts = matchers === undefined ? [] : typeof matchers === 'string' ? [matchers] : matchers
  const exact = Object.entries(match ?? {}).map(([name, value]) => ({ name, value, isEqual: true, isRegex: false }))
  const regexes = Object.entries(matchRe ?? {}).map(([name, value]) => ({ name, value, isEqual: true, isRegex: true }))
  return [...exact, ...regexes, ...texts.flatMap((text) => parseMatchers(text) ?? [])]
}

/**
 * The routes that an alert takes, as Alertmanager walks: depth first, on to the next sibling only after `continue`.
 * @throws SyntaxError for a regular expression that only Alertmanager understands
 */
export function routesTaken(node: RouteNode, labels: Labels): RouteNode[] {
  if (!node.matchers.every((matcher) => matches(matcher, labels))) return []
  const taken: RouteNode[] = []
  for (const child of node.children) {
    const below = routesTaken(child, labels)
    taken.push(...below)
    if (below.length > 0 && !child.goesOn) break
  }
  return taken.length > 0 ? taken : [node]
}

/** Labels as people type them, `severity=critical team=shop`; nothing when the text is not that. */
export function parseLabels(text: string): Labels | undefined {
  const list = parseMatchers(text.trim().replaceAll(/[\s,]+(?=[^\s=,]+=)/g, ','))
  if (!list || list.some(({ isEqual, isRegex }) => !isEqual || isRegex)) return undefined
  return Object.fromEntries(list.map(({ name, value }) => [name, value]))
}
