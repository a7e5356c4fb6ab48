import { compareText, labelsToRecord } from '@quartet/model'
import { compileRegex, RegexError } from '@quartet/query'
import type { Regex } from '@quartet/query'
import type { FastifyInstance } from 'fastify'
import type { LabelMatcher } from '../config/matcher/label-matcher.ts'
import { MatcherError } from '../config/matcher/matcher-error.ts'
import { parseMatcher } from '../config/matcher/parse-matchers.ts'
import { postedAlerts, readAlerts } from '../ingest/read-alerts.ts'
import { isResolved } from '../storage/alert.ts'
import type { Alert } from '../storage/alert.ts'
import type { ApiOptions } from './api-options.ts'
import { BadRequest, parseBody, reply } from './errors.ts'
import { matchFilter } from './filter.ts'
import { alertJson, listJson } from './v2-json.ts'
import type { AlertStatus } from './v2-json.ts'

/** `/api/v2/alerts` and `/api/v2/alerts/groups`. */
export function addAlertsApi(api: FastifyInstance, options: ApiOptions): void {
  const { engine, metrics, mode, nowMs, silences, store } = options

  api.get('/alerts', async (request, response) => {
    const query = readQuery(request.url, options)
    const now = nowMs()
    const found: { fingerprint: string; json: string }[] = []
    for (const alert of store.values()) {
      const receivers = engine().receiversOf(alert)
      if (query.receiver && !receivers.some((name) => query.receiver!.test(name))) continue
      const status = statusOf(alert, now)
      if (isShown(alert, status, query, now)) {
        found.push({ fingerprint: alert.fingerprint, json: alertJson(alert, status, receivers) })
      }
    }
    found.sort((a, b) => compareText(a.fingerprint, b.fingerprint))
    return reply(response, listJson(found.map(({ json }) => json)))
  })

  api.post('/alerts', async (request, response) => {
    const posted = parseBody(postedAlerts, request, 'alerts')
    const now = nowMs()
    const { alerts, refused } = readAlerts(posted, { nowMs: now, resolveTimeoutMs: engine().resolveTimeoutMs, mode })
    for (const alert of alerts) metrics.received(isResolved(alert, now) ? 'resolved' : 'firing')
    for (let count = 0; count < refused.length; count++) metrics.invalid()
    const tooMany = store.put(alerts)
    if (refused.length > 0) throw new BadRequest(refused.map(({ message }) => message).join('; '))
    if (tooMany > 0) throw new BadRequest(`${tooMany} alerts refused: the limit of alerts is reached`, 500)
    return response.code(200).send()
  })

  api.get('/alerts/groups', async (request, response) => {
    const query = readQuery(request.url, options)
    const now = nowMs()
    const current = engine()
    const groups: string[] = []
    for (const group of current.dispatcher.groups()) {
      const { receiver } = group.route.options
      if (query.receiver && !query.receiver.test(receiver)) continue
      const mutedBy = current.mutedBy(group.route.options, now)
      if (!query.muted && mutedBy.length > 0) continue
      const shown = group.alerts().flatMap((alert) => {
        const status = statusOf(alert, now, mutedBy)
        if (!isShown(alert, status, query, now)) return []
        return [alertJson(alert, status, [...current.receiversOf(alert)].sort())]
      })
      if (shown.length === 0) continue
      const labels = JSON.stringify(labelsToRecord(group.labels))
      groups.push(`{"alerts":${listJson(shown)},"labels":${labels},"receiver":${JSON.stringify({ name: receiver })}}`)
    }
    return reply(response, listJson(groups))
  })

  function statusOf(alert: Alert, now: number, mutedBy: readonly string[] = []): AlertStatus {
    const silencedBy = silences.silencing(alert.labels)
    const inhibitedBy = engine().inhibitedBy(alert, now)
    const isSuppressed = silencedBy.length > 0 || inhibitedBy.length > 0
    return { state: isSuppressed ? 'suppressed' : 'active', silencedBy, inhibitedBy, mutedBy }
  }
}

interface AlertsQuery {
  readonly matchers: readonly LabelMatcher[]
  readonly receiver: Regex | undefined
  readonly active: boolean
  readonly silenced: boolean
  readonly inhibited: boolean
  readonly muted: boolean
}

function isShown(alert: Alert, status: AlertStatus, query: AlertsQuery, nowMs: number): boolean {
  if (isResolved(alert, nowMs)) return false
  if (!query.active && status.state === 'active') return false
  if (!query.silenced && status.silencedBy.length > 0) return false
  if (!query.inhibited && status.inhibitedBy.length > 0) return false
  return matchFilter(query.matchers, alert.labels)
}

function readQuery(url: string, options: ApiOptions): AlertsQuery {
  const { searchParams } = new URL(url, 'http://localhost')
  const flag = (name: string): boolean => {
    const text = searchParams.get(name)
    return text === null || text === '' || TRUE.has(text.toLowerCase())
  }
  return {
    matchers: readFilters(searchParams, options),
    receiver: readReceiver(searchParams.get('receiver')),
    active: flag('active'),
    silenced: flag('silenced'),
    inhibited: flag('inhibited'),
    muted: flag('muted'),
  }
}

// What upstream's swag library takes for true; all else is false.
const TRUE = new Set(['true', '1', 'yes', 'ok', 'y', 'on', 'selected', 'checked', 't', 'enabled'])

/** @throws BadRequest */
export function readFilters(parameters: URLSearchParams, { mode }: Pick<ApiOptions, 'mode'>): readonly LabelMatcher[] {
  try {
    return parameters.getAll('filter').map((text) => parseMatcher(text, mode))
  } catch (error) {
    if (error instanceof MatcherError) throw new BadRequest(error.message)
    throw error
  }
}

function readReceiver(pattern: string | null): Regex | undefined {
  if (pattern === null) return undefined
  try {
    return compileRegex(`^(?:${pattern})$`)
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    throw new BadRequest(`failed to parse receiver param: ${error.message}`)
  }
}
