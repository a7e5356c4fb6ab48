import type { Labels } from '@quartet/model'
import type { Logger } from '@quartet/runtime'
import type { HttpConfig } from '../config/http-config.ts'
import type { ReceiverType } from '../config/receiver-type.ts'
import type { Alert } from '../storage/alert.ts'
import type { JsonClient } from './json-client.ts'
import type { Data } from './template/data.ts'
import type { NotificationTemplates } from './template/notification-templates.ts'

/** One message to one receiver about one group of alerts. */
export interface Notification {
  readonly groupKey: string
  readonly groupLabels: Labels
  readonly receiver: string
  /** What is to be told, in order; at least one. */
  readonly alerts: readonly Alert[]
  /** Whether any alert fires. */
  readonly isFiring: boolean
  readonly data: Data
  readonly nowMs: number
  /** Aborted when the group's time is up or the configuration goes. */
  readonly signal: AbortSignal
}

export interface Notifier {
  /** One attempt. @throws NotifyError */
  notify(notification: Notification): Promise<void>
}

export interface NotifierOptions {
  readonly templates: NotificationTemplates
  readonly logger: Logger
  /** A client with the receiver's HTTP settings. */
  http(config: HttpConfig): JsonClient
}

/** What all kinds have. */
export interface CommonConfig {
  readonly send_resolved: boolean
}

/** A kind of receiver: its settings and what it does with a notification. */
export interface ReceiverKind<C extends CommonConfig = CommonConfig> extends ReceiverType<C> {
  create(config: C, options: NotifierOptions): Notifier
}

/** Keeps the type of the settings inside the file of the kind: the registry only knows that they fit together. */
export function defineReceiver<C extends CommonConfig>(kind: ReceiverKind<C>): ReceiverKind {
  return kind as unknown as ReceiverKind
}
