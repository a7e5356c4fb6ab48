import type { FastifyReply, FastifyRequest } from 'fastify'
import { compareText, labelsToRecord } from '@quartet/model'
import { formatDuration } from '@quartet/query'
import { ConfigError, HttpError, printYaml } from '@quartet/runtime'
import type { HttpServer } from '@quartet/runtime'
import { AlertingRule } from '@quartet/rules'
import type { Alert, Rule, RuleGroup, RuleGroupSpec, RuleSpec } from '@quartet/rules'
import type { Limits } from '../config/limits.ts'
import { checkGroup, RuleStoreError } from '../rules/logql-rules.ts'
import type { Ruler } from '../rules/ruler.ts'
import { SINGLE_TENANT } from '../rules/tenant.ts'

/** Upstream's storage of rules in local files cannot be written to; the status differs by request. */
const UNSUPPORTED = 'unsupported in rule local store'

export interface RulerApiOptions {
  readonly ruler: Ruler
  readonly limits: Limits
  readonly hasTenants: boolean
}

/** Rule files as YAML, and what their rules found as Prometheus's JSON. */
export function addRulerApi(server: HttpServer, options: RulerApiOptions): void {
  const { api } = server
  for (const base of ['/loki/api/v1/rules', '/api/prom/rules']) {
    api.get(base, (request, reply) => listRules(options, request, reply))
    api.get(`${base}/:namespace`, (request, reply) => listRules(options, request, reply))
    api.get(`${base}/:namespace/:group`, (_request, reply) => text(reply, 400, `GetRuleGroup ${UNSUPPORTED}`))
    api.post(`${base}/:namespace`, (request, reply) => createGroup(options, request, reply))
    api.delete(`${base}/:namespace/:group`, (_request, reply) => failed(reply, 500, `DeleteRuleGroup ${UNSUPPORTED}`))
    api.delete(`${base}/:namespace`, (_request, reply) => failed(reply, 500, `DeleteNamespace ${UNSUPPORTED}`))
  }
  api.route({
    method: ['GET', 'POST'],
    url: '/prometheus/api/v1/rules',
    handler: (request, reply) => rules(options, request, reply),
  })
  api.route({
    method: ['GET', 'POST'],
    url: '/prometheus/api/v1/alerts',
    handler: (request, reply) => {
      const { groups } = tenantOf(options, request)
      const alerts = groups.flatMap(({ group }) => group.rules.flatMap(alertsOf))
      return succeeded(reply, { alerts: alerts.map(encodeAlert) })
    },
  })
  api.get('/ruler/ring', (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .send(
        '<!DOCTYPE html><title>Ruler Status</title><h1>Ruler Status</h1><p>Ruler running with shards disabled</p>\n',
      ),
  )
}

function tenantOf({ hasTenants, ruler }: RulerApiOptions, request: FastifyRequest) {
  const given = request.headers['x-scope-orgid']
  if (hasTenants && (typeof given !== 'string' || given === '')) throw new HttpError(401, 'no org id')
  const tenant = hasTenants ? String(given) : SINGLE_TENANT
  return { tenant, groups: ruler.groups(tenant) }
}

async function listRules(options: RulerApiOptions, request: FastifyRequest, reply: FastifyReply) {
  const { tenant } = tenantOf(options, request)
  const { namespace } = request.params as { namespace?: string }
  const { files } = options.ruler
  try {
    const found =
      namespace === undefined
        ? await files.namespaces(tenant, 'as written')
        : [await files.namespace(tenant, namespace, 'as written')]
    const wanted = labelsOf(request)
    const listed = new Map<string, Record<string, unknown>[]>()
    let count = 0
    for (const { name, groups } of found) {
      count += groups.length
      const shown = groups.flatMap((group) => {
        const left = wanted.length === 0 ? group.rules : group.rules.filter((rule) => hasLabel(rule, wanted))
        return wanted.length > 0 && left.length === 0 ? [] : [writtenGroup(group, left)]
      })
      if (shown.length > 0) listed.set(name, shown)
    }
    if (count === 0) return await text(reply, 404, 'no rule groups found')
    return await reply.type('application/yaml').send(alignAsGo(await printYaml(Object.fromEntries(listed), 3)))
  } catch (error) {
    if (!(error instanceof RuleStoreError)) throw error
    return text(reply, 400, error.message)
  }
}

/** Go's encoder indents to the next multiple of four, not by four: what is below the second list stands further left. */
function alignAsGo(yaml: string): string {
  return yaml.replace(/^ {10,}/gm, (spaces) => spaces.slice(spaces.length < 16 ? 2 : 4))
}

/** `labels=team:a,severity:page`: rules with one of them. */
function labelsOf(request: FastifyRequest): (readonly [name: string, value: string])[] {
  const { labels = '' } = request.query as { labels?: string }
  return labels === '' ? [] : labels.split(',').map((pair) => [pair.split(':')[0], pair.split(':')[1] ?? ''] as const)
}

function hasLabel({ labels }: RuleSpec, wanted: readonly (readonly [string, string])[]): boolean {
  return labels.some(([name, value]) => wanted.some(([key, text]) => key === name && text === value))
}

/** A group as its file has it, keys in upstream's order. */
function writtenGroup(group: RuleGroupSpec, rules: readonly RuleSpec[]): Record<string, unknown> {
  return {
    name: group.name,
    ...(group.intervalMs > 0 && { interval: formatDuration(group.intervalMs) }),
    ...(group.limit > 0 && { limit: group.limit }),
    rules: rules.map((rule) => {
      const labels = rule.labels.length > 0 && { labels: Object.fromEntries(rule.labels) }
      if (rule.kind === 'recording') return { record: rule.name, expr: rule.expr, ...labels }
      return {
        alert: rule.name,
        expr: rule.expr,
        ...(rule.forMs > 0 && { for: formatDuration(rule.forMs) }),
        ...(rule.keepFiringForMs > 0 && { keep_firing_for: formatDuration(rule.keepFiringForMs) }),
        ...labels,
        ...(rule.annotations.length > 0 && { annotations: Object.fromEntries(rule.annotations) }),
      }
    }),
  }
}

/** Everything is checked as upstream checks it before its storage says that it cannot be written to. */
async function createGroup(options: RulerApiOptions, request: FastifyRequest, reply: FastifyReply) {
  const { tenant } = tenantOf(options, request)
  const { limits, ruler } = options
  const body = request.body
  const sent = Buffer.isBuffer(body) ? body.toString() : typeof body === 'string' ? body : JSON.stringify(body ?? null)
  try {
    // One group is an entry of a file's list.
    const [group] = await checkGroup(`groups:\n- ${sent.trim().replace(/\n/g, '\n  ')}\n`)
    const most = limits.rulerMaxRulesPerGroup
    if (most > 0 && group.rules.length > most) {
      const exceeded = `(limit: ${most} actual: ${group.rules.length}) exceeded`
      return await text(reply, 400, `per-user rules per rule group limit ${exceeded}`)
    }
    const count = (await ruler.files.namespaces(tenant, 'as written')).flatMap(({ groups }) => groups).length + 1
    if (limits.rulerMaxGroups > 0 && count > limits.rulerMaxGroups) {
      const exceeded = `(limit: ${limits.rulerMaxGroups} actual: ${count}) exceeded`
      return await text(reply, 400, `per-user rule groups limit ${exceeded}`)
    }
    return await text(reply, 500, `SetRuleGroup ${UNSUPPORTED}`)
  } catch (error) {
    if (error instanceof RuleStoreError) return text(reply, 500, error.message)
    if (!(error instanceof ConfigError)) throw error
    const problems = error.problems.map((problem) => problem.replace(/^.*?:\d+:\d+: error: /, ''))
    const isShape = problems.some((problem) => /cannot unmarshal|not found in type|^yaml|YAML/.test(problem))
    return text(reply, 400, isShape ? 'unable to decoded rule group' : problems.join(', '))
  }
}

function rules(options: RulerApiOptions, request: FastifyRequest, reply: FastifyReply) {
  const { groups } = tenantOf(options, request)
  const query = new URL(request.url, 'http://x').searchParams
  const type = (query.get('type') ?? '').toLowerCase()
  if (type !== '' && type !== 'alert' && type !== 'record') {
    return failed(reply, 400, `not supported value ${JSON.stringify(type)}`, 'bad_data')
  }
  // Prometheus's names have brackets behind them; Loki's have none.
  const named = (name: string): ReadonlySet<string> => new Set([...query.getAll(name), ...query.getAll(`${name}[]`)])
  const [ruleNames, groupNames, files] = [named('rule_name'), named('rule_group'), named('file')]
  const has = (wanted: ReadonlySet<string>, name: string): boolean => wanted.size === 0 || wanted.has(name)
  const shown = groups.flatMap(({ namespace, group }) => {
    if (!has(groupNames, group.spec.name) || !has(files, namespace)) return []
    const left = group.rules.filter(
      ({ spec }) => has(ruleNames, spec.name) && (type === '' || (type === 'alert') === (spec.kind === 'alerting')),
    )
    return left.length === 0 ? [] : [encodeGroup(namespace, group, left)]
  })
  return succeeded(reply, { groups: shown.sort((a, b) => compareText(a.file, b.file)) })
}

function encodeGroup(namespace: string, group: RuleGroup, shown: readonly Rule[]) {
  return {
    name: group.spec.name,
    file: namespace,
    rules: shown.map(encodeRule),
    interval: group.intervalMs / 1000,
    limit: group.spec.limit,
    lastEvaluation: timeText(group.lastEvaluationMs),
    evaluationTime: group.evaluationSeconds,
  }
}

/** Keys in upstream's order. */
function encodeRule(rule: Rule): Record<string, unknown> {
  const { spec, health } = rule
  const outcome = {
    health,
    lastError: rule.lastError?.message ?? '',
    type: spec.kind,
    lastEvaluation: timeText(rule.lastEvaluationMs),
    evaluationTime: rule.evaluationSeconds,
  }
  const labels = labelsToRecord(spec.labels)
  if (!(rule instanceof AlertingRule)) return { name: spec.name, query: spec.expr, labels, ...outcome }
  return {
    state: rule.state,
    name: spec.name,
    query: spec.expr,
    duration: rule.spec.forMs / 1000,
    labels,
    annotations: labelsToRecord(rule.spec.annotations),
    alerts: rule.activeAlerts.map(encodeAlert),
    ...outcome,
  }
}

function alertsOf(rule: Rule): readonly Alert[] {
  return rule instanceof AlertingRule ? rule.activeAlerts : []
}

function encodeAlert({ labels, annotations, state, activeAtMs, value }: Alert): Record<string, unknown> {
  return {
    labels: labelsToRecord(labels),
    annotations: labelsToRecord(annotations),
    state,
    activeAt: timeText(activeAtMs),
    value: exponentText(value),
  }
}

/** Go's format `e` with the shortest digits: `1e+00`. */
function exponentText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return (Object.is(value, -0) ? '-0e+0' : value.toExponential()).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Go's RFC3339Nano: no trailing zeros in the fraction. */
function timeText(timeMs: number | undefined): string {
  return timeMs === undefined ? '0001-01-01T00:00:00Z' : new Date(timeMs).toISOString().replace(/\.?0*Z$/, 'Z')
}

function succeeded(reply: FastifyReply, data: unknown) {
  reply.type('application/json')
  return reply.send(JSON.stringify({ status: 'success', data, errorType: '', error: '' }))
}

function failed(reply: FastifyReply, status: number, error: string, errorType = 'server_error') {
  reply.code(status).type('application/json')
  return reply.send(JSON.stringify({ status: 'error', data: null, errorType, error }))
}

/** Go's http.Error. */
function text(reply: FastifyReply, status: number, message: string) {
  return reply.code(status).type('text/plain; charset=utf-8').send(`${message}\n`)
}
