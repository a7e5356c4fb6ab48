import type { Labels } from '@quartet/model'
import { type } from '../../graph/index.ts'
import { Capsule } from '../../syntax/index.ts'
import type { ObjectValue } from '../../syntax/index.ts'

/** One log line on its way to a store. */
export interface LogEntry {
  readonly labels: Labels
  readonly timestampNs: bigint
  readonly line: string
  readonly metadata: Labels
}

/** A place that takes log lines. */
export interface LogsReceiver {
  /** Resolves when the lines are delivered or would survive the process. Rejects when they are not taken over. */
  push(entries: readonly LogEntry[]): Promise<void>
}

const KIND = 'loki.LogsReceiver'

/** `forward_to` of loki.* components. */
export const logsReceivers = type.list(type.capsule<LogsReceiver>(KIND, 'loki.LogsReceiver'))

export function receiverExport(receiver: LogsReceiver): ObjectValue {
  return new Map([['receiver', new Capsule(KIND, 'loki.LogsReceiver', receiver)]])
}

export async function pushToAll(receivers: readonly LogsReceiver[], entries: readonly LogEntry[]): Promise<void> {
  for (const receiver of receivers) await receiver.push(entries)
}
