import { ConfigError } from '@quartet/runtime'
import type { Clock, Logger } from '@quartet/runtime'
import type { AlertmanagerConfig, LeftOut, NamedIntervals } from '../config/alertmanager-config.ts'
import { durationMs } from '../config/fields.ts'
import { Dispatcher } from '../dispatch/dispatcher.ts'
import { Inhibitor } from '../dispatch/inhibitor.ts'
import { Route } from '../dispatch/route.ts'
import type { RouteOptions } from '../dispatch/route.ts'
import { TimeMuter } from '../dispatch/time-muter.ts'
import type { Alert } from '../storage/alert.ts'
import type { AlertStore } from '../storage/alert-store.ts'
import type { NotificationLog } from '../storage/notification-log.ts'
import type { Silences } from '../storage/silences.ts'
import { Delivery } from './delivery.ts'
import { buildIntegrations } from './integration.ts'
import type { Integration } from './integration.ts'
import { isFailing } from './integration-status.ts'
import type { IntegrationStatus, IntegrationStatuses } from './integration-status.ts'
import { JsonClient } from './json-client.ts'
import type { ReceiverKind } from './notifier.ts'
import type { NotifyMetrics } from './notify-metrics.ts'
import { NotificationTemplates } from './template/notification-templates.ts'

export interface EngineOptions {
  readonly config: AlertmanagerConfig
  readonly kinds: readonly ReceiverKind[]
  readonly clock: Clock
  readonly logger: Logger
  readonly store: AlertStore
  readonly silences: Silences
  readonly log: NotificationLog
  readonly metrics: NotifyMetrics
  readonly statuses: IntegrationStatuses
  /** Integrations that nobody has filled in. */
  readonly leftOut?: readonly LeftOut[]
  /** Known once the server listens. */
  readonly externalUrl: () => string
  readonly startAtMs: number
  readonly onGroupLimit: () => void
  readonly random?: () => number
}

const MAX_GROUPS = 100_000

/** What one configuration runs: routing tree, inhibition, times, receivers. A reload builds a new one and stops the old. */
export class Engine {
  readonly config: AlertmanagerConfig
  readonly route: Route
  readonly #dispatcher: Dispatcher
  readonly #inhibitor: Inhibitor
  readonly #times: TimeMuter
  readonly #clients: readonly JsonClient[]
  readonly #integrations: ReadonlyMap<string, readonly Integration[]>
  readonly #subscription: { cancel(): void }
  readonly #store: AlertStore
  readonly #statuses: IntegrationStatuses
  readonly leftOut: readonly LeftOut[]

  /** Reads the templates and certificates, but sends nothing before {@link start}. @throws ConfigError */
  static async build(options: EngineOptions): Promise<Engine> {
    const { clock, config } = options
    const templates = await NotificationTemplates.load(config.templates, () => clock.nowMs())
    try {
      return new Engine(options, templates)
    } catch (cause) {
      // Certificates are read while clients are built.
      throw new ConfigError([`error: ${cause instanceof Error ? cause.message : String(cause)}`])
    }
  }

  private constructor(options: EngineOptions, templates: NotificationTemplates) {
    const { clock, config, kinds, log, logger, metrics, silences, store } = options
    const clients: JsonClient[] = []
    this.config = config
    this.route = new Route(config.route)
    this.#clients = clients
    this.#store = store
    this.#statuses = options.statuses
    this.leftOut = options.leftOut ?? []
    this.#inhibitor = new Inhibitor(config.inhibit_rules ?? [])
    const named: readonly NamedIntervals[] = [...(config.mute_time_intervals ?? []), ...(config.time_intervals ?? [])]
    this.#times = new TimeMuter(named)
    this.#integrations = buildIntegrations(config, kinds, {
      templates,
      logger,
      http(http) {
        const client = new JsonClient(http, () => clock.nowMs())
        clients.push(client)
        return client
      },
    })
    const delivery = new Delivery({
      clock,
      logger,
      integrations: this.#integrations,
      inhibitor: this.#inhibitor,
      silences,
      times: this.#times,
      log,
      metrics,
      statuses: options.statuses,
      externalUrl: options.externalUrl,
      random: options.random ?? Math.random,
    })
    this.#dispatcher = new Dispatcher({
      route: this.route,
      clock,
      async flush(flush) {
        try {
          return await delivery.flush(flush)
        } catch (error) {
          // A bug in one notification must not end the process that sends the others; the group tries again.
          logger.error({ groupKey: flush.group.key, err: error }, 'notifying failed unexpectedly')
          return false
        }
      },
      startAtMs: options.startAtMs,
      maxGroups: MAX_GROUPS,
      onLimit: options.onGroupLimit,
    })
    this.#subscription = store.onPut((alert) => this.#take(alert))
  }

  /** Takes in what the store holds already. */
  start(): void {
    this.#statuses.keep(({ index, name, receiver }) =>
      Boolean(this.#integrations.get(receiver)?.some((known) => known.name === name && known.index === index)),
    )
    // Sources first: an alert must not be told about because what inhibits it came later in the list.
    for (const alert of this.#store.values()) this.#inhibitor.observe(alert)
    for (const alert of this.#store.values()) this.#dispatcher.dispatch(alert)
  }

  stop(): void {
    this.#subscription.cancel()
    this.#dispatcher.stop()
    for (const client of this.#clients) client.close()
  }

  get resolveTimeoutMs(): number {
    return durationMs(this.config.global.resolve_timeout)
  }

  get dispatcher(): Dispatcher {
    return this.#dispatcher
  }

  get integrationCount(): number {
    let count = 0
    for (const integrations of this.#integrations.values()) count += integrations.length
    return count
  }

  /** Every integration, by receiver as configured. */
  integrationStatuses(): readonly { readonly receiver: string; readonly integrations: readonly IntegrationStatus[] }[] {
    return Array.from(this.#integrations, ([receiver, integrations]) => ({
      receiver,
      integrations: integrations.map(({ index, name }) => this.#statuses.get(receiver, name, index)),
    }))
  }

  get failingCount(): number {
    return this.integrationStatuses()
      .flatMap(({ integrations }) => integrations)
      .filter(isFailing).length
  }

  receiversOf(alert: Alert): readonly string[] {
    return this.route.match(alert.labels).map(({ options }) => options.receiver)
  }

  inhibitedBy(alert: Alert, nowMs: number): readonly string[] {
    const source = this.#inhibitor.inhibitedBy(alert.labels, nowMs)
    return source === undefined ? [] : [source]
  }

  mutedBy(options: RouteOptions, nowMs: number): readonly string[] {
    return this.#times.mutedBy(options, nowMs)
  }

  collect(nowMs: number): void {
    this.#inhibitor.collect(nowMs)
  }

  #take(alert: Alert): void {
    this.#inhibitor.observe(alert)
    this.#dispatcher.dispatch(alert)
  }
}
