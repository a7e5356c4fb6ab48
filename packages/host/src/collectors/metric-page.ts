import { formatFamily, kindOf } from '@quartet/model'
import type { FamilyLabel, FamilyType, MetricFamily } from '@quartet/model'

export type LabelValues = Readonly<Record<string, string>>

/** Collects the metrics of one scrape. A family has one type and one help: those that were given first. */
export class MetricPage {
  readonly families = new Map<string, MetricFamily>()

  gauge(name: string, help: string, value: number, labels?: LabelValues, timestampMs?: number): void {
    this.#add({ name, help, type: 'GAUGE' }, value, labels, timestampMs)
  }

  counter(name: string, help: string, value: number, labels?: LabelValues, timestampMs?: number): void {
    this.#add({ name, help, type: 'COUNTER' }, value, labels, timestampMs)
  }

  untyped(name: string, help: string, value: number, labels?: LabelValues): void {
    this.#add({ name, help, type: 'UNTYPED' }, value, labels, undefined)
  }

  /** Metrics that were read as such, from a file. */
  addFamily(family: MetricFamily): void {
    const known = this.families.get(family.name)
    if (known) known.metrics.push(...family.metrics)
    else this.families.set(family.name, { ...family, metrics: [...family.metrics] })
  }

  /** The text format 0.0.4, families by name. */
  render(): string {
    const names = [...this.families.keys()].sort()
    return names.map((name) => formatFamily(this.families.get(name)!)).join('')
  }

  #add(
    { help, name, type }: { name: string; help: string; type: FamilyType },
    value: number,
    values: LabelValues | undefined,
    timestampMs: number | undefined,
  ): void {
    let family = this.families.get(name)
    if (!family) this.families.set(name, (family = { name, help, type, metrics: [] }))
    const kind = kindOf(family.type)
    if (kind === 'summary' || kind === 'histogram') throw new Error(`${name} is a ${kind} already`)
    family.metrics.push({ labels: values ? toLabels(values) : [], timestampMs, value: { kind, value } })
  }
}

function toLabels(values: LabelValues): FamilyLabel[] {
  return Object.keys(values)
    .sort()
    .map((name) => ({ name, value: values[name]! }))
}
