import type { AlertingSummaryDto } from '../../common/alerting.ts'
import type { DataSource } from '../provisioning/data-sources.ts'
import { StoreError } from '../query/store-client.ts'
import { RULE_PATHS } from './rule-paths.ts'
import type { Services } from './services.ts'

/** However many pages are open, the stores are asked this often. */
const FRESH_MS = 5000
const NO_ALERTS: readonly { readonly state: string }[] = []

/** Counts what the stores' rules report, for all pages that are open. */
export class AlertingSummary {
  readonly #services: Services
  #askedMs = -Infinity
  #answer: Promise<AlertingSummaryDto> | undefined

  constructor(services: Services) {
    this.#services = services
  }

  get(): Promise<AlertingSummaryDto> {
    const nowMs = this.#services.clock.monotonicMs()
    if (!this.#answer || nowMs - this.#askedMs > FRESH_MS) {
      this.#askedMs = nowMs
      this.#answer = this.#count()
    }
    return this.#answer
  }

  async #count(): Promise<AlertingSummaryDto> {
    const sources = this.#services.dataSources.list.filter(
      ({ type, jsonData }) => type in RULE_PATHS && jsonData['manageAlerts'] !== false,
    )
    const failed: string[] = []
    const lists = await Promise.all(
      sources.map(async (source) => {
        const alerts = await this.#alerts(source)
        if (!alerts) failed.push(source.uid)
        return alerts ?? NO_ALERTS
      }),
    )
    const count = (wanted: string): number => lists.flat().filter(({ state }) => state === wanted).length
    return { firing: count('firing'), pending: count('pending'), failed }
  }

  /** Nothing when the store cannot be asked; one without rules has no alerts. */
  async #alerts(source: DataSource): Promise<readonly { readonly state: string }[] | undefined> {
    const path = `${RULE_PATHS[source.type].state}/alerts`
    try {
      const { status, text } = await this.#services.stores.read(source, { method: 'GET', path })
      if (status === 404) return NO_ALERTS
      if (status !== 200) return undefined
      const { data } = JSON.parse(text) as { data?: { alerts?: readonly { state: string }[] | null } }
      return data?.alerts ?? NO_ALERTS
    } catch (error) {
      if (error instanceof StoreError || error instanceof SyntaxError) return undefined
      throw error
    }
  }
}
