import { parseMatchers, matches } from '../../alerting/matchers.ts'
import type { AlertInstance, Rule, RuleState } from '../../alerting/rules.ts'

/** Grafana's options of the panel. */
export interface AlertListOptions {
  readonly viewMode: 'list' | 'stat'
  readonly groupMode: 'default' | 'custom'
  readonly groupBy: readonly string[]
  readonly maxItems: number
  readonly sortOrder: SortOrder
  /** Only alerts whose annotation `__dashboardUid__` names the dashboard that the panel is on. */
  readonly dashboardAlerts: boolean
  readonly alertName: string
  readonly alertInstanceLabelFilter: string
  readonly stateFilter: Readonly<Record<string, boolean | undefined>>
  /** Name or uid of a data source; all when empty. */
  readonly datasource: string | undefined
  readonly folder: { readonly title?: string } | null
  readonly showInstances: boolean
  readonly showInactiveAlerts: boolean
}

/** Grafana's numbers. */
export type SortOrder = 1 | 2 | 3 | 4 | 5

export const defaults: AlertListOptions = {
  viewMode: 'list',
  groupMode: 'default',
  groupBy: [],
  maxItems: 20,
  sortOrder: 1,
  dashboardAlerts: false,
  alertName: '',
  alertInstanceLabelFilter: '',
  stateFilter: { firing: true, pending: true, normal: false, error: true, noData: false },
  datasource: undefined,
  folder: null,
  showInstances: false,
  showInactiveAlerts: false,
}

/** The alert list of before Grafana 8 had other names for the same. */
export function migrateAlertList(options: Readonly<Record<string, unknown>>): Partial<AlertListOptions> {
  const {
    nameFilter,
    stateFilter,
    show: _show,
    dashboardFilter: _dashboard,
    folderId: _folder,
    tags: _tags,
    ...rest
  } = options
  const states = (stateFilter ?? {}) as Record<string, boolean>
  const isOld = 'alerting' in states || 'ok' in states || 'no_data' in states
  return {
    ...(rest as Partial<AlertListOptions>),
    ...(typeof nameFilter === 'string' && nameFilter !== '' ? { alertName: nameFilter } : {}),
    ...(stateFilter === undefined
      ? {}
      : {
          stateFilter: isOld
            ? {
                firing: states['alerting'] ?? false,
                pending: states['pending'] ?? false,
                normal: states['ok'] ?? false,
                error: states['execution_error'] ?? false,
                noData: states['no_data'] ?? false,
              }
            : states,
        }),
  }
}

/** Names in `stateFilter` of the states that are not called the same there. */
const filterNames: Readonly<Partial<Record<RuleState, string>>> = { unknown: 'noData' }

/**
 * The alerting rules that a panel shows, in its order and with only the instances that it shows.
 * @param dashboardUid of the dashboard that the panel is on
 */
export function chooseRules(rules: readonly Rule[], options: AlertListOptions, dashboardUid: string): Rule[] {
  const matchers = parseMatchers(options.alertInstanceLabelFilter) ?? []
  const name = options.alertName.toLowerCase()
  return rules
    .filter((rule) => rule.kind === 'alerting' && isWantedState(rule.state, options))
    .filter((rule) => !options.datasource || [rule.source.uid, rule.source.name].includes(options.datasource))
    .filter((rule) => rule.name.toLowerCase().includes(name))
    .filter((rule) => !options.dashboardAlerts || rule.annotations['__dashboardUid__'] === dashboardUid)
    .map((rule) => ({
      ...rule,
      instances: rule.instances.filter(
        ({ labels, state }) =>
          options.stateFilter[state] !== false && matchers.every((matcher) => matches(matcher, labels)),
      ),
    }))
    .filter(
      (rule) =>
        matchers.length === 0 ||
        rule.instances.length > 0 ||
        (rule.state === 'normal' && matchers.every((matcher) => matches(matcher, rule.labels))),
    )
    .sort(orders[options.sortOrder] ?? orders[1])
}

function isWantedState(state: RuleState, { stateFilter, showInactiveAlerts }: AlertListOptions): boolean {
  if (state === 'normal' && showInactiveAlerts) return true
  return stateFilter[filterNames[state] ?? state] === true
}

const importance: readonly RuleState[] = ['firing', 'error', 'pending', 'unknown', 'normal', 'recording']

const byName = (a: Rule, b: Rule): number => a.name.localeCompare(b.name)
const byTime = (a: Rule, b: Rule): number => (activeSince(a) ?? 0) - (activeSince(b) ?? 0)

const orders: Readonly<Record<SortOrder, (a: Rule, b: Rule) => number>> = {
  1: byName,
  2: (a, b) => byName(b, a),
  3: (a, b) => importance.indexOf(a.state) - importance.indexOf(b.state) || byName(a, b),
  4: byTime,
  5: (a, b) => byTime(b, a),
}

/** When the first of the instances began, in milliseconds. */
export function activeSince(rule: Rule): number | undefined {
  const times = rule.instances.map(({ activeAt }) => Date.parse(activeAt)).filter(Number.isFinite)
  return times.length === 0 ? undefined : Math.min(...times)
}

export interface InstanceGroup {
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly instances: readonly (AlertInstance & { readonly rule: Rule })[]
}

/** All instances by the values of some labels; those without any of them come last. */
export function groupInstances(rules: readonly Rule[], groupBy: readonly string[]): InstanceGroup[] {
  const groups = new Map<string, InstanceGroup & { instances: (AlertInstance & { rule: Rule })[] }>()
  for (const rule of rules) {
    for (const instance of rule.instances) {
      const labels = groupBy.flatMap((name) => {
        const value = instance.labels[name]
        return value === undefined ? [] : [[name, value] as const]
      })
      const key = JSON.stringify(labels)
      let group = groups.get(key)
      if (!group) groups.set(key, (group = { labels, instances: [] }))
      group.instances.push({ ...instance, rule })
    }
  }
  return [...groups.values()].sort((a, b) => Number(a.labels.length === 0) - Number(b.labels.length === 0))
}
