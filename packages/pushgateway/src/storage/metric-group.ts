import type { FamilyLabel, FamilyMetric, MetricFamily } from '@quartet/model'

/** What was pushed under one grouping key. */
export interface MetricGroup {
  /** With `job`, sorted by name. */
  readonly labels: readonly FamilyLabel[]
  readonly families: Map<string, StoredFamily>
}

export interface StoredFamily {
  readonly family: MetricFamily
  /** When it was pushed, in nanoseconds since the epoch. */
  readonly pushedNs: bigint
}

export const PUSH_TIME = 'push_time_seconds'
export const PUSH_FAILURE_TIME = 'push_failure_time_seconds'

export function groupKey(labels: readonly FamilyLabel[]): string {
  return labels.map(({ name, value }) => `${name}\xff${value}`).join('\xfe')
}

export function sortLabels(labels: Iterable<FamilyLabel>): FamilyLabel[] {
  return [...labels].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** The group's labels replace those of the body, an `instance` is always there, and labels are sorted. */
export function withGroupLabels(family: MetricFamily, groupLabels: readonly FamilyLabel[]): MetricFamily {
  const own = new Set(groupLabels.map(({ name }) => name))
  const metrics = family.metrics.map((metric): FamilyMetric => {
    const labels = [...groupLabels, ...metric.labels.filter(({ name }) => !own.has(name))]
    if (!labels.some(({ name }) => name === 'instance')) labels.push({ name: 'instance', value: '' })
    return { ...metric, labels: sortLabels(labels) }
  })
  return { ...family, metrics }
}

/** The two gauges that the Pushgateway adds to every group; 0 means never. */
export function timeFamily(
  name: typeof PUSH_TIME | typeof PUSH_FAILURE_TIME,
  labels: readonly FamilyLabel[],
  timeNs: bigint,
): MetricFamily {
  const outcome = name === PUSH_TIME ? 'succeeded' : 'failed'
  const family: MetricFamily = {
    name,
    help: `Last Unix time when changing this group in the Pushgateway ${outcome}.`,
    type: 'GAUGE',
    metrics: [{ labels: [], timestampMs: undefined, value: { kind: 'gauge', value: Number(timeNs) / 1e9 } }],
  }
  return withGroupLabels(family, labels)
}

export function lastPushSucceeded({ families }: MetricGroup): boolean {
  return timeOf(families, PUSH_TIME) >= timeOf(families, PUSH_FAILURE_TIME)
}

/** Seconds since the epoch; 0 when it never happened. */
export function timeOf(families: MetricGroup['families'], name: string): number {
  const value = families.get(name)?.family.metrics[0]?.value
  return value?.kind === 'gauge' ? value.value : 0
}
