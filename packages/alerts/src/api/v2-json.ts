import { labelsToRecord } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { goJson } from '../notify/go-json.ts'
import type { Alert } from '../storage/alert.ts'
import type { Silence, SilenceState } from '../storage/silence.ts'

/*
 * The bodies of API v2, members in upstream's order. Alerts and silences are written with HTML characters escaped, what is around
 * them is not: upstream marshals them by themselves.
 */

export interface AlertStatus {
  readonly state: 'active' | 'suppressed' | 'unprocessed'
  readonly silencedBy: readonly string[]
  readonly inhibitedBy: readonly string[]
  readonly mutedBy: readonly string[]
}

/** Milliseconds, always in UTC. */
export function jsonTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

export function alertJson(alert: Alert, status: AlertStatus, receivers: readonly string[]): string {
  return goJson({
    annotations: labelsJson(alert.annotations),
    endsAt: jsonTime(alert.endsAtMs),
    fingerprint: alert.fingerprint,
    receivers: receivers.map((name) => ({ name })),
    startsAt: jsonTime(alert.startsAtMs),
    status: {
      inhibitedBy: status.inhibitedBy,
      mutedBy: status.mutedBy,
      silencedBy: status.silencedBy,
      state: status.state,
    },
    updatedAt: jsonTime(alert.updatedAtMs),
    ...(alert.generatorUrl !== '' && { generatorURL: alert.generatorUrl }),
    labels: labelsJson(alert.labels),
  })
}

export function silenceJson(silence: Silence, state: SilenceState): string {
  return goJson({
    id: silence.id,
    status: { state },
    updatedAt: jsonTime(silence.updatedAtMs),
    comment: silence.comment,
    createdBy: silence.createdBy,
    endsAt: jsonTime(silence.endsAtMs),
    matchers: silence.matchers.map(({ name, type, value }) => ({
      isEqual: type === '=' || type === '=~',
      isRegex: type === '=~' || type === '!~',
      name,
      value,
    })),
    startsAt: jsonTime(silence.startsAtMs),
  })
}

function labelsJson(labels: Labels): Record<string, string> {
  return labelsToRecord(labels)
}

/** @param items JSON texts */
export function listJson(items: readonly string[]): string {
  return `[${items.join(',')}]`
}
