import type { Labels } from '@quartet/model'
import { formatValue } from '@quartet/query'
import type { GoTime } from '@quartet/query'

/*
 * What notification templates see. Members are named as upstream names them, since people's templates use these names; methods
 * are found by the template engine on the classes below.
 */

/** A label or annotation set: `.Labels.severity`, `range`, and the methods of upstream's KV. */
export class KV extends Map<string, string> {
  static of(labels: Labels): KV {
    return new KV(labels)
  }

  /** Go looks for a method before it looks for a key. */
  override get(name: string): string | undefined {
    const method = METHODS[name]
    return (method === undefined ? super.get(name) : method.bind(this)) as string | undefined
  }

  SortedPairs(): Pairs {
    // `alertname` stands first, the rest by name.
    const names = [...this.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    const at = names.indexOf('alertname')
    if (at > 0) names.unshift(...names.splice(at, 1))
    const pairs = new Pairs()
    for (const name of names) pairs.push(new Pair(name, super.get(name) ?? ''))
    return pairs
  }

  Remove(names: readonly string[]): KV {
    const rest = new KV()
    for (const [name, value] of this) if (!names.includes(name)) rest.set(name, value)
    return rest
  }

  Names(): string[] {
    return this.SortedPairs().Names()
  }

  Values(): string[] {
    return this.SortedPairs().Values()
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries([...this].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
  }
}

const METHODS: Readonly<Record<string, ((this: KV, ...args: never[]) => unknown) | undefined>> = Object.assign(
  Object.create(null) as Record<string, (this: KV, ...args: never[]) => unknown>,
  {
    SortedPairs: KV.prototype.SortedPairs,
    Remove: KV.prototype.Remove,
    Names: KV.prototype.Names,
    Values: KV.prototype.Values,
  },
)

export class Pair {
  readonly Name: string
  readonly Value: string

  constructor(name: string, value: string) {
    this.Name = name
    this.Value = value
  }

  /** As Go prints a struct. */
  toString(): string {
    return `{${this.Name} ${this.Value}}`
  }
}

export class Pairs extends Array<Pair> {
  Names(): string[] {
    return Array.from(this, ({ Name }) => Name)
  }

  Values(): string[] {
    return Array.from(this, ({ Value }) => Value)
  }

  override toString(): string {
    return Array.from(this, ({ Name, Value }) => `${Name}=${Value}`).join(', ')
  }
}

export interface AlertView {
  readonly Status: string
  readonly Labels: KV | null
  readonly Annotations: KV | null
  readonly StartsAt: GoTime
  readonly EndsAt: GoTime
  readonly GeneratorURL: string
  readonly Fingerprint: string
}

export class Alerts extends Array<AlertView> {
  Firing(): Alerts {
    return this.#with('firing')
  }

  Resolved(): Alerts {
    return this.#with('resolved')
  }

  #with(status: string): Alerts {
    const result = new Alerts()
    for (const alert of this) if (alert.Status === status) result.push(alert)
    return result
  }

  toJSON(): object[] {
    return Array.from(this, (alert) => ({
      status: alert.Status,
      labels: alert.Labels?.toJSON() ?? null,
      annotations: alert.Annotations?.toJSON() ?? null,
      startsAt: alert.StartsAt.toJSON(),
      endsAt: alert.EndsAt.toJSON(),
      generatorURL: alert.GeneratorURL,
      fingerprint: alert.Fingerprint,
    }))
  }
}

/** The dot of every notification template. */
export class Data {
  readonly Receiver: string
  readonly Status: string
  readonly Alerts: Alerts
  readonly GroupLabels: KV
  readonly CommonLabels: KV
  readonly CommonAnnotations: KV
  readonly ExternalURL: string

  constructor(data: {
    Receiver: string
    Status: string
    Alerts: Alerts
    GroupLabels: KV
    CommonLabels: KV
    CommonAnnotations: KV
    ExternalURL: string
  }) {
    this.Receiver = data.Receiver
    this.Status = data.Status
    this.Alerts = data.Alerts
    this.GroupLabels = data.GroupLabels
    this.CommonLabels = data.CommonLabels
    this.CommonAnnotations = data.CommonAnnotations
    this.ExternalURL = data.ExternalURL
  }

  toJSON(): Record<string, unknown> {
    return {
      receiver: this.Receiver,
      status: this.Status,
      alerts: this.Alerts.toJSON(),
      groupLabels: this.GroupLabels.toJSON(),
      commonLabels: this.CommonLabels.toJSON(),
      commonAnnotations: this.CommonAnnotations.toJSON(),
      externalURL: this.ExternalURL,
    }
  }
}

/** How an action writes a value: pairs have a form of their own. */
export function printValue(value: unknown): string {
  return value instanceof Pairs ? value.toString() : formatValue(value)
}

/** What all sets have in common. */
export function commonPairs(sets: readonly Labels[]): KV {
  const [first, ...others] = sets.map((labels) => KV.of(labels))
  const common = new KV()
  for (const [name, value] of first ?? []) {
    if (others.every((other) => other.has(name) && Map.prototype.get.call(other, name) === value))
      common.set(name, value)
  }
  return common
}
