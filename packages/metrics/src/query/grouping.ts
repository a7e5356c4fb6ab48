import type { Labels } from '@quartet/model'
import { labelsKey, METRIC_NAME } from '@quartet/model'

/** Picks the labels by which series belong together; made once per operator, called once per series. */
export interface Grouping {
  labelsOf(labels: Labels): Labels
}

export function groupBy(names: readonly string[]): Grouping {
  const wanted = new Set(names)
  return { labelsOf: (labels) => labels.filter(([name]) => wanted.has(name)) }
}

/** All labels but these and the metric name. */
export function groupWithout(names: readonly string[]): Grouping {
  const dropped = new Set([...names, METRIC_NAME])
  return { labelsOf: (labels) => labels.filter(([name]) => !dropped.has(name)) }
}

/** Groups in the order in which they were first seen. */
export class Groups<T> {
  readonly #byKey = new Map<string, T>()
  readonly #grouping: Grouping
  readonly #create: (labels: Labels) => T

  constructor(grouping: Grouping, create: (labels: Labels) => T) {
    this.#grouping = grouping
    this.#create = create
  }

  of(labels: Labels): T {
    const groupLabels = this.#grouping.labelsOf(labels)
    const key = labelsKey(groupLabels)
    let group = this.#byKey.get(key)
    if (group === undefined) {
      group = this.#create(groupLabels)
      this.#byKey.set(key, group)
    }
    return group
  }

  get all(): Iterable<T> {
    return this.#byKey.values()
  }
}
