import type { AlertmanagerConfig } from '../config/alertmanager-config.ts'
import type { CommonConfig, Notifier, NotifierOptions, ReceiverKind } from './notifier.ts'

/** One entry of a receiver: `webhook[0]`. */
export interface Integration {
  readonly name: string
  readonly index: number
  readonly sendResolved: boolean
  readonly notifier: Notifier
}

/** Builds what every receiver sends with, by receiver name. */
export function buildIntegrations(
  config: AlertmanagerConfig,
  kinds: readonly ReceiverKind[],
  options: NotifierOptions,
): ReadonlyMap<string, readonly Integration[]> {
  const receivers = new Map<string, readonly Integration[]>()
  for (const receiver of config.receivers ?? []) {
    const integrations: Integration[] = []
    for (const kind of kinds) {
      for (const [index, settings] of ((receiver[kind.key] ?? []) as readonly CommonConfig[]).entries()) {
        integrations.push({
          name: kind.name,
          index,
          sendResolved: settings.send_resolved,
          notifier: kind.create(settings, options),
        })
      }
    }
    receivers.set(receiver.name, integrations)
  }
  return receivers
}
