import type { Labels } from '@quartet/model'

/** A checked rule of a file. */
export type RuleSpec = RecordingSpec | AlertingSpec

export interface RecordingSpec {
  readonly kind: 'recording'
  /** The metric that is written. */
  readonly name: string
  /** Canonical text. */
  readonly expr: string
  /** Those of the group and the rule's own, which win. */
  readonly labels: Labels
}

export interface AlertingSpec {
  readonly kind: 'alerting'
  readonly name: string
  /** Canonical text. */
  readonly expr: string
  /** As in {@link RecordingSpec}; values are templates. */
  readonly labels: Labels
  /** Values are templates. */
  readonly annotations: Labels
  readonly forMs: number
  readonly keepFiringForMs: number
}

export interface RuleGroupSpec {
  readonly file: string
  readonly name: string
  /** 0: the default of the configuration. */
  readonly intervalMs: number
  /** 0: none. */
  readonly limit: number
  /** undefined: the default of the configuration. */
  readonly queryOffsetMs: number | undefined
  readonly rules: readonly RuleSpec[]
}

/** Names a group: names need to be unique within their file only. */
export function groupKey(group: Pick<RuleGroupSpec, 'file' | 'name'>): string {
  return `${group.file};${group.name}`
}
