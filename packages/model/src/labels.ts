/** One label pair: name, value. */
export type Label = readonly [name: string, value: string]

/**
 * A label set: pairs sorted by name in code-point order, each name once, no empty value.
 * Build one with {@link labelsFromPairs} or {@link labelsFromRecord}; a `Labels` is never changed.
 */
export type Labels = readonly Label[]

export const METRIC_NAME = '__name__'
export const NO_LABELS: Labels = []

/** Orders two strings as their UTF-8 bytes would be ordered, which is how every upstream sorts labels. */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let index = 0; index < shared; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left === right) continue
    // Surrogates (0xD800–0xDFFF) encode code points above all of the BMP, although their units compare below 0xE000.
    const leftIsHigh = left >= 0xd800 && left <= 0xdfff
    const rightIsHigh = right >= 0xd800 && right <= 0xdfff
    if (leftIsHigh !== rightIsHigh) return leftIsHigh ? 1 : -1
    return left - right
  }
  return a.length - b.length
}

/** Sorts, drops empty values and keeps the last of repeated names. */
export function labelsFromPairs(pairs: Iterable<Label>): Labels {
  const byName = new Map<string, string>()
  for (const [name, value] of pairs) byName.set(name, value)
  const result: Label[] = []
  for (const [name, value] of byName) if (value !== '') result.push([name, value])
  return result.sort((a, b) => compareText(a[0], b[0]))
}

export function labelsFromRecord(record: Readonly<Record<string, string>>): Labels {
  return labelsFromPairs(Object.entries(record))
}

/** The value of `name`, or `''` when absent: upstream treats both alike. */
export function labelValue(labels: Labels, name: string): string {
  for (const [key, value] of labels) if (key === name) return value
  return ''
}

export function labelsToRecord(labels: Labels): Record<string, string> {
  return Object.fromEntries(labels)
}

/** A string that is equal exactly for equal label sets; for use as a map key, not for display. */
export function labelsKey(labels: Labels): string {
  let key = ''
  for (const [name, value] of labels) key += name + '\xff' + value + '\xff'
  return key
}

export function compareLabels(a: Labels, b: Labels): number {
  const shared = Math.min(a.length, b.length)
  for (let index = 0; index < shared; index++) {
    const order = compareText(a[index][0], b[index][0]) || compareText(a[index][1], b[index][1])
    if (order !== 0) return order
  }
  return a.length - b.length
}
