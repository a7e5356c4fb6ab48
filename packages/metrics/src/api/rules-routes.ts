import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { labelsToRecord, labelValue } from '@quartet/model'
import type { Labels } from '@quartet/model'
import type { Matcher } from '@quartet/query'
import { AlertingRule, groupKey } from '@quartet/rules'
import type { Alert, Rule, RuleGroup } from '@quartet/rules'
import type { ApiContext } from './context.ts'
import { invalidParameter } from './errors.ts'
import { rfc3339 } from './metadata-routes.ts'
import { Parameters } from './parameters.ts'
import type { Reply } from './reply.ts'

interface Wanted {
  readonly names: ReadonlySet<string>
  readonly matcherSets: readonly (readonly Matcher[])[]
  readonly type: string
  readonly hasAlerts: boolean
}

export function rules(context: ApiContext, request: FastifyRequest): Reply {
  const parameters = Parameters.of(request)
  const type = parameters.get('type').toLowerCase()
  if (type !== '' && type !== 'alert' && type !== 'record') {
    throw invalidParameter('type', `not supported value ${JSON.stringify(type)}`)
  }
  const wanted: Wanted = {
    names: new Set(parameters.all('rule_name[]')),
    matcherSets: parameters.matcherSets(),
    type,
    hasAlerts: !excludesAlerts(parameters),
  }
  const groupNames = new Set(parameters.all('rule_group[]'))
  const files = new Set(parameters.all('file[]'))
  const { limit, token } = pageOf(parameters)
  const groups: Record<string, unknown>[] = []
  let isReached = token === ''
  let nextToken: string | undefined
  for (const group of context.rules.groups) {
    isReached ||= token === tokenOf(group)
    if (!isReached) continue
    if (groupNames.size > 0 && !groupNames.has(group.spec.name)) continue
    if (files.size > 0 && !files.has(group.spec.file)) continue
    const shown = group.rules.filter((rule) => isWanted(rule, wanted))
    if (shown.length === 0) continue
    if (limit > 0 && groups.length === limit) {
      nextToken = tokenOf(group)
      break
    }
    groups.push(encodeGroup(group, shown, wanted.hasAlerts))
  }
  if (!isReached) {
    throw invalidParameter('group_next_token', `invalid group_next_token '${token}'. were rule groups changed?`)
  }
  return { data: { groups, groupNextToken: nextToken } }
}

export function alerts(context: ApiContext): Reply {
  return { data: { alerts: context.rules.activeAlerts.map(encodeAlert) } }
}

export function alertmanagers(context: ApiContext): Reply {
  const encode = (url: string): { url: string } => ({ url })
  return {
    data: {
      activeAlertmanagers: context.notifier.urls.map(encode),
      droppedAlertmanagers: context.notifier.droppedUrls.map(encode),
    },
  }
}

const TRUE = new Set(['1', 't', 'true'])
const FALSE = new Set(['', '0', 'f', 'false'])

function excludesAlerts(parameters: Parameters): boolean {
  const text = parameters.get('exclude_alerts').toLowerCase()
  if (TRUE.has(text)) return true
  if (FALSE.has(text)) return false
  const problem = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`
  throw invalidParameter('exclude_alerts', `error converting exclude_alerts: ${problem}`)
}

const MAX_LIMIT = 2 ** 31 - 1

/** @returns 0 and '' when pages are not asked for */
function pageOf(parameters: Parameters): { limit: number; token: string } {
  const text = parameters.get('group_limit')
  const token = parameters.get('group_next_token')
  if (text === '') {
    if (token === '') return { limit: 0, token }
    const problem = 'group_limit needs to be present in order to paginate over the groups'
    throw invalidParameter('group_next_token', problem)
  }
  const refuse = (reason: string): never => {
    const problem = `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${reason}`
    throw invalidParameter('group_limit', `group_limit needs to be a valid number: ${problem}`)
  }
  if (!/^[+-]?\d+$/.test(text)) return refuse('invalid syntax')
  const limit = Number(text)
  if (limit > MAX_LIMIT || limit < -MAX_LIMIT - 1) return refuse('value out of range')
  if (limit <= 0) throw invalidParameter('group_limit', 'group_limit needs to be greater than 0')
  return { limit, token }
}

function tokenOf(group: RuleGroup): string {
  return createHash('sha1').update(groupKey(group.spec)).digest('hex')
}

function isWanted(rule: Rule, { names, matcherSets, type }: Wanted): boolean {
  const { spec } = rule
  if (type !== '' && type !== (spec.kind === 'alerting' ? 'alert' : 'record')) return false
  if (names.size > 0 && !names.has(spec.name)) return false
  return matcherSets.length === 0 || matcherSets.some((matchers) => matchesAll(matchers, spec.labels))
}

function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name)))
}

function encodeGroup(group: RuleGroup, shown: readonly Rule[], hasAlerts: boolean): Record<string, unknown> {
  return {
    name: group.spec.name,
    file: group.spec.file,
    rules: shown.map((rule) => encodeRule(rule, hasAlerts)),
    interval: group.intervalMs / 1000,
    limit: group.spec.limit,
    evaluationTime: group.evaluationSeconds,
    lastEvaluation: timeText(group.lastEvaluationMs),
  }
}

/** Keys in upstream's order; what is undefined is left out. */
function encodeRule(rule: Rule, hasAlerts: boolean): Record<string, unknown> {
  const { spec, health } = rule
  const outcome = {
    health,
    lastError: rule.lastError?.message,
    evaluationTime: rule.evaluationSeconds,
    lastEvaluation: timeText(rule.lastEvaluationMs),
  }
  if (!(rule instanceof AlertingRule)) {
    const labels = spec.labels.length > 0 ? labelsToRecord(spec.labels) : undefined
    return { name: spec.name, query: spec.expr, labels, ...outcome, type: 'recording' }
  }
  const { name, expr, forMs, keepFiringForMs, labels, annotations } = rule.spec
  return {
    state: rule.state,
    name,
    query: expr,
    duration: forMs / 1000,
    keepFiringFor: keepFiringForMs / 1000,
    labels: labelsToRecord(labels),
    annotations: labelsToRecord(annotations),
    alerts: hasAlerts ? rule.activeAlerts.map(encodeAlert) : null,
    ...outcome,
    type: 'alerting',
  }
}

function encodeAlert(alert: Alert): Record<string, unknown> {
  const { labels, annotations, state, activeAtMs, keepFiringSinceMs, value } = alert
  return {
    labels: labelsToRecord(labels),
    annotations: labelsToRecord(annotations),
    state,
    activeAt: rfc3339(activeAtMs),
    keepFiringSince: keepFiringSinceMs === undefined ? undefined : rfc3339(keepFiringSinceMs),
    value: exponentText(value),
  }
}

/** Go's format `e` with the shortest digits: `1e+00`. */
function exponentText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const text = Object.is(value, -0) ? '-0e+0' : value.toExponential()
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

function timeText(timeMs: number | undefined): string {
  return timeMs === undefined ? '0001-01-01T00:00:00Z' : rfc3339(timeMs)
}
