import { labelsFromPairs, labelValue } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import type { Clock, HttpClient, Logger, SelfMetrics } from '@quartet/runtime'
import type { Notification } from '../alert/alert.ts'
import { encodeAlerts } from './alert-json.ts'
import { createNotifierMetrics } from './notifier-metrics.ts'
import type { NotifierMetrics } from './notifier-metrics.ts'

/** Changes the labels of an alert, or drops it (undefined). */
export type Relabel = (labels: Labels) => Labels | undefined

/** One entry of `alertmanagers`: places that are equals, of which one is enough. */
export interface AlertmanagerSet {
  /** Of the API's endpoint, complete, each once. */
  urls(): readonly string[]
  /** Left out by relabelling. */
  droppedUrls(): readonly string[]
  readonly client: Pick<HttpClient, 'post'>
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** For this set only. */
  readonly relabel: Relabel | undefined
  /** Ends discovery and connections. */
  close(): void
}

export interface NotifierSettings {
  readonly externalLabels: Labels
  /** For all sets; the external labels are there already. */
  readonly relabel: Relabel | undefined
  readonly sets: readonly AlertmanagerSet[]
}

export interface NotifierOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: SelfMetrics
  /** First word of the metrics' names; `prometheus` by default. */
  readonly metricPrefix?: string
  /** `--alertmanager.notification-queue-capacity` */
  readonly capacity?: number
  /** `--alertmanager.drain-notification-queue-on-shutdown` */
  readonly drainOnStop?: boolean
}

const DEFAULT_CAPACITY = 10_000
const BATCH_SIZE = 256
const NOTHING: NotifierSettings = { externalLabels: [], relabel: undefined, sets: [] }

/**
 * Sends alerts to Alertmanagers, in batches, one batch at a time to all of them at once. What reaches nobody is dropped and counted:
 * rules tell of their alerts again every minute. A full queue loses its oldest.
 */
export class Notifier {
  readonly #options: NotifierOptions
  readonly #capacity: number
  readonly #metrics: NotifierMetrics
  #settings = NOTHING
  #queue: Notification[] = []
  #sending: Promise<void> | undefined
  #isStopped = false

  constructor(options: NotifierOptions) {
    this.#options = options
    this.#capacity = options.capacity ?? DEFAULT_CAPACITY
    const sources = { capacity: this.#capacity, queued: (): number => this.#queue.length }
    this.#metrics = createNotifierMetrics(options.metrics, sources, options.metricPrefix)
  }

  get urls(): string[] {
    return this.#settings.sets.flatMap((set) => set.urls())
  }

  get droppedUrls(): string[] {
    return this.#settings.sets.flatMap((set) => set.droppedUrls())
  }

  /** From the next batch on. Closes the sets of before. */
  apply(settings: NotifierSettings): void {
    for (const set of this.#settings.sets) if (!settings.sets.includes(set)) set.close()
    this.#settings = settings
    this.destinationsChanged()
  }

  /** To be called when a set has found other places. */
  destinationsChanged(): void {
    this.#metrics.setDestinations([...new Set(this.urls)])
  }

  send(notifications: readonly Notification[]): void {
    if (this.#isStopped) return
    const { externalLabels, relabel } = this.#settings
    let fresh = relabelAll(
      notifications.map((one) => ({ ...one, labels: withExternal(one.labels, externalLabels) })),
      relabel,
    )
    if (fresh.length > this.#capacity) {
      this.#drop(fresh.length - this.#capacity, 'alert batch larger than queue capacity, dropping alerts')
      fresh = fresh.slice(-this.#capacity)
    }
    const excess = this.#queue.length + fresh.length - this.#capacity
    if (excess > 0) {
      this.#drop(excess, 'alert notification queue full, dropping alerts')
      this.#queue = this.#queue.slice(excess)
    }
    this.#queue.push(...fresh)
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = undefined))
  }

  /** Sends what is queued, unless that is switched off, as long as somebody takes it. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#options.drainOnStop === false) this.#dropRest()
    await this.#sending
    for (const set of this.#settings.sets) set.close()
    this.#settings = NOTHING
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH_SIZE)
      if (await this.#sendBatch(batch)) continue
      this.#metrics.dropped(batch.length)
      // A stop must not wait for one timeout after the other.
      if (this.#isStopped) this.#dropRest()
    }
  }

  #dropRest(): void {
    if (this.#queue.length === 0) return
    this.#drop(this.#queue.length, 'stopping, some notifications have been dropped')
    this.#queue = []
  }

  #drop(count: number, message: string): void {
    this.#options.logger.warn({ count }, message)
    this.#metrics.dropped(count)
  }

  /** @returns whether every set that wanted the batch has a member that took it */
  async #sendBatch(batch: readonly Notification[]): Promise<boolean> {
    let shared: Buffer | undefined
    const results = this.#settings.sets.map(async (set) => {
      const urls = set.urls()
      const wanted = relabelAll(batch, set.relabel)
      if (urls.length === 0 || wanted.length === 0) return true
      const body = set.relabel === undefined ? (shared ??= encodeAlerts(batch)) : encodeAlerts(wanted)
      const taken = await Promise.all(urls.map((url) => this.#post(set, url, body, wanted.length)))
      return taken.includes(true)
    })
    return !(await Promise.all(results)).includes(false)
  }

  async #post(set: AlertmanagerSet, url: string, body: Buffer, count: number): Promise<boolean> {
    const { clock, logger } = this.#options
    const startMs = clock.monotonicMs()
    let problem: string | undefined
    try {
      const headers = { 'user-agent': 'Quartet/0.1.0', 'content-type': 'application/json', ...set.headers }
      const { status, statusText } = await set.client.post(url, { headers, body, timeoutMs: set.timeoutMs })
      if (status < 200 || status > 299) problem = `bad response status ${status} ${statusText}`
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
    if (problem !== undefined) {
      logger.error({ alertmanager: url, count, problem }, 'sending alerts failed')
      this.#metrics.failed(url, count)
    }
    this.#metrics.sent(url, count, (clock.monotonicMs() - startMs) / 1000)
    return problem === undefined
  }
}

/** External labels tell servers apart; a label that the alert has itself wins. */
function withExternal(labels: Labels, externalLabels: Labels): Labels {
  const added: Label[] = externalLabels.filter(([name]) => labelValue(labels, name) === '')
  return added.length === 0 ? labels : labelsFromPairs([...labels, ...added])
}

function relabelAll(notifications: readonly Notification[], relabel: Relabel | undefined): readonly Notification[] {
  if (relabel === undefined) return notifications
  return notifications.flatMap((notification) => {
    const labels = relabel(notification.labels)
    return labels === undefined || labels.length === 0 ? [] : [{ ...notification, labels }]
  })
}
