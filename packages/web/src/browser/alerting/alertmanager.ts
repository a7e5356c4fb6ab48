import type { AlertmanagerStatusDto } from '../../common/alerting.ts'
import { requestJson, request } from '../api/client.ts'
import type { Matcher } from './matchers.ts'
import { formatMatcher } from './matchers.ts'
import type { AlertInstance, Labels } from './rules.ts'

export interface ActiveAlert {
  readonly fingerprint: string
  readonly labels: Labels
  readonly annotations: Labels
  readonly startsAt: string
  readonly generatorURL?: string
  readonly receivers: readonly { readonly name: string }[]
  readonly status: {
    readonly state: 'active' | 'suppressed' | 'unprocessed'
    readonly silencedBy: readonly string[]
    readonly inhibitedBy: readonly string[]
    readonly mutedBy?: readonly string[]
  }
}

export interface Silence {
  readonly id: string
  readonly status: { readonly state: 'active' | 'pending' | 'expired' }
  readonly matchers: readonly Matcher[]
  readonly startsAt: string
  readonly endsAt: string
  readonly updatedAt: string
  readonly createdBy: string
  readonly comment: string
}

export interface NewSilence {
  /** Of the silence that this one replaces. */
  readonly id?: string
  readonly matchers: readonly Matcher[]
  readonly startsAt: string
  readonly endsAt: string
  readonly createdBy: string
  readonly comment: string
}

export interface AlertGroup {
  readonly labels: Labels
  readonly receiver: { readonly name: string }
  readonly alerts: readonly ActiveAlert[]
}

/** API v2 of one Alertmanager through the server. */
export class AlertmanagerClient {
  readonly #base: string

  constructor(uid: string) {
    this.#base = `/api/alertmanager/${encodeURIComponent(uid)}/api/v2`
  }

  status(signal?: AbortSignal): Promise<AlertmanagerStatusDto> {
    return requestJson(`${this.#base}/status`, { signal })
  }

  /** @param matchers all must hold; an alert that matches is given whether it is silenced or not */
  alerts(matchers: readonly Matcher[], signal?: AbortSignal): Promise<ActiveAlert[]> {
    const query = new URLSearchParams(matchers.map((matcher) => ['filter', formatMatcher(matcher)]))
    return requestJson(`${this.#base}/alerts?${query.toString()}`, { signal })
  }

  groups(signal?: AbortSignal): Promise<AlertGroup[]> {
    return requestJson(`${this.#base}/alerts/groups`, { signal })
  }

  silences(signal?: AbortSignal): Promise<Silence[]> {
    return requestJson(`${this.#base}/silences`, { signal })
  }

  silence(id: string, signal?: AbortSignal): Promise<Silence> {
    return requestJson(`${this.#base}/silence/${encodeURIComponent(id)}`, { signal })
  }

  async saveSilence(silence: NewSilence): Promise<string> {
    const { silenceID } = await requestJson<{ silenceID: string }>(`${this.#base}/silences`, {
      method: 'POST',
      body: silence,
    })
    return silenceID
  }

  async expireSilence(id: string): Promise<void> {
    await request(`${this.#base}/silence/${encodeURIComponent(id)}`, { method: 'DELETE' })
  }
}

/** What Alertmanager knows of an instance. It adds labels of its own (`external_labels`) and takes none away. */
export function alertOf(instance: AlertInstance, alerts: readonly ActiveAlert[]): ActiveAlert | undefined {
  const labels = Object.entries(instance.labels)
  return alerts.find((alert) => labels.every(([name, value]) => alert.labels[name] === value))
}
