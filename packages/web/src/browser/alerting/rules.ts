import type { DataSourceDto } from '../../common/api.ts'

export type Labels = Readonly<Record<string, string>>

/** What a rule is doing, worst first. Only Grafana says `normal`; a store says `inactive`. */
export type RuleState = 'firing' | 'pending' | 'error' | 'unknown' | 'normal' | 'recording'
export const ruleStates: readonly RuleState[] = ['firing', 'pending', 'error', 'unknown', 'normal', 'recording']

export interface AlertInstance {
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: 'firing' | 'pending'
  readonly activeAt: string
  /** Set while `keep_firing_for` holds an alert whose condition is over. */
  readonly keepFiringSince: string | undefined
  readonly value: number
}

/** One rule of a store with the place where it stands. */
export interface Rule {
  readonly source: DataSourceDto
  readonly file: string
  readonly group: string
  readonly groupIntervalSeconds: number
  readonly kind: 'alerting' | 'recording'
  readonly name: string
  readonly query: string
  readonly forSeconds: number
  readonly keepFiringForSeconds: number
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: RuleState
  /** `ok`, `err` or `unknown`. */
  readonly health: string
  readonly lastError: string
  readonly lastEvaluation: string
  readonly evaluationSeconds: number
  readonly instances: readonly AlertInstance[]
}

/** The answer of `/api/v1/rules`. Stores differ in what they leave out. */
export interface RulesResponse {
  readonly data: { readonly groups?: readonly RuleGroupDto[] | null }
}

interface RuleGroupDto {
  readonly name: string
  readonly file?: string
  readonly interval?: number
  readonly rules?: readonly RuleDto[] | null
}

interface RuleDto {
  readonly type?: string
  readonly state?: string
  readonly name: string
  readonly query?: string
  readonly duration?: number
  readonly keepFiringFor?: number
  readonly labels?: Labels | null
  readonly annotations?: Labels | null
  readonly alerts?: readonly AlertDto[] | null
  readonly health?: string
  readonly lastError?: string
  readonly evaluationTime?: number
  readonly lastEvaluation?: string
}

interface AlertDto {
  readonly labels?: Labels
  readonly annotations?: Labels
  readonly state: string
  readonly activeAt?: string
  readonly keepFiringSince?: string
  readonly value?: string
}

export function rulesOf(source: DataSourceDto, response: RulesResponse): Rule[] {
  return (response.data.groups ?? []).flatMap((group) => (group.rules ?? []).map((rule) => ruleOf(source, group, rule)))
}

function ruleOf(source: DataSourceDto, group: RuleGroupDto, rule: RuleDto): Rule {
  const kind = rule.type === 'recording' ? 'recording' : 'alerting'
  return {
    source,
    file: group.file ?? '',
    group: group.name,
    groupIntervalSeconds: group.interval ?? 0,
    kind,
    name: rule.name,
    query: rule.query ?? '',
    forSeconds: rule.duration ?? 0,
    keepFiringForSeconds: rule.keepFiringFor ?? 0,
    labels: rule.labels ?? {},
    annotations: rule.annotations ?? {},
    state: stateOf(kind, rule),
    health: rule.health ?? 'unknown',
    lastError: rule.lastError ?? '',
    lastEvaluation: rule.lastEvaluation ?? '',
    evaluationSeconds: rule.evaluationTime ?? 0,
    instances: (rule.alerts ?? []).map(instanceOf).sort(byStateAndLabels),
  }
}

/** A rule that cannot be evaluated says nothing about what it watches, whatever its last state was. */
function stateOf(kind: Rule['kind'], { state, health }: RuleDto): RuleState {
  if (health === 'err') return 'error'
  if (kind === 'recording') return 'recording'
  if (state === 'firing' || state === 'pending') return state
  return state === 'inactive' ? 'normal' : 'unknown'
}

function instanceOf(alert: AlertDto): AlertInstance {
  const keepFiringSince = alert.keepFiringSince
  return {
    labels: alert.labels ?? {},
    annotations: alert.annotations ?? {},
    state: alert.state === 'firing' ? 'firing' : 'pending',
    activeAt: alert.activeAt ?? '',
    // Go's zero time stands for "not".
    keepFiringSince: keepFiringSince?.startsWith('0001-') ? undefined : keepFiringSince,
    value: alert.value === undefined ? Number.NaN : Number(alert.value.replace('Inf', 'Infinity')),
  }
}

function byStateAndLabels(a: AlertInstance, b: AlertInstance): number {
  if (a.state !== b.state) return a.state === 'firing' ? -1 : 1
  return labelText(a.labels) < labelText(b.labels) ? -1 : 1
}

/** Labels in one canonical text: to compare and to sort. */
export function labelText(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export function countStates(rules: readonly Rule[]): Readonly<Record<RuleState, number>> {
  const counts = Object.fromEntries(ruleStates.map((state) => [state, 0])) as Record<RuleState, number>
  for (const { state } of rules) counts[state]++
  return counts
}

export interface RuleGroup {
  readonly key: string
  readonly source: DataSourceDto
  readonly file: string
  readonly name: string
  readonly intervalSeconds: number
  readonly rules: readonly Rule[]
}

/** Rules by file and group in the order in which the store tells them. */
export function groupRules(rules: readonly Rule[]): RuleGroup[] {
  const groups = new Map<string, RuleGroup & { readonly rules: Rule[] }>()
  for (const rule of rules) {
    const key = JSON.stringify([rule.source.uid, rule.file, rule.group])
    let group = groups.get(key)
    if (!group) {
      const { source, file, group: name, groupIntervalSeconds: intervalSeconds } = rule
      group = { key, source, file, name, intervalSeconds, rules: [] }
      groups.set(key, group)
    }
    group.rules.push(rule)
  }
  return [...groups.values()]
}

/** Rules are written in files; the directory they all share tells nothing. */
export function shortFile(file: string): string {
  const slash = file.lastIndexOf('/')
  return slash < 0 ? file : file.slice(slash + 1)
}

/** `90` → `1m30s`; `0` is `0s`. */
export function formatSeconds(seconds: number): string {
  if (seconds <= 0) return '0s'
  if (seconds < 1) return `${Math.round(seconds * 1000)}ms`
  let rest = Math.round(seconds)
  let text = ''
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}
