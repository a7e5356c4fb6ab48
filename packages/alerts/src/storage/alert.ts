import { compareText, labelValue } from '@quartet/model'
import type { Labels } from '@quartet/model'

/** One alert as a client sent it. Never changed: an update is a new object. */
export interface Alert {
  /** Without empty values, sorted by name. */
  readonly labels: Labels
  readonly annotations: Labels
  readonly startsAtMs: number
  /** 0 while it is not known: then the alert is firing. */
  readonly endsAtMs: number
  readonly updatedAtMs: number
  /** `endsAtMs` was set by us, because the client named none. */
  readonly isTimeout: boolean
  readonly generatorUrl: string
  /** 16 hexadecimal digits over the labels. */
  readonly fingerprint: string
}

export function isResolved(alert: Alert, atMs: number): boolean {
  return alert.endsAtMs !== 0 && alert.endsAtMs <= atMs
}

const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n
const SEPARATOR = 0xffn
const MASK = 0xffffffffffffffffn

/** FNV-1a over names and values in order, each followed by 0xff: upstream's fingerprint, which clients see. */
export function fingerprintOf(labels: Labels): string {
  let hash = OFFSET
  const add = (text: string): void => {
    for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * PRIME) & MASK
    hash = ((hash ^ SEPARATOR) * PRIME) & MASK
  }
  for (const [name, value] of labels) {
    add(name)
    add(value)
  }
  return hash.toString(16).padStart(16, '0')
}

/** Joins what two clients, or one at two times, said about the same alert in overlapping spans. */
export function mergeAlerts(a: Alert, b: Alert, nowMs: number): Alert {
  const [older, younger] = b.updatedAtMs < a.updatedAtMs ? [b, a] : [a, b]
  const startsAtMs = Math.min(older.startsAtMs, younger.startsAtMs)
  let { endsAtMs } = younger
  if (older.endsAtMs > endsAtMs) {
    // Two ends that have passed: the later one. While it fires, an end that a client named beats our own timeout.
    if (isResolved(younger, nowMs) ? isResolved(older, nowMs) : !older.isTimeout) endsAtMs = older.endsAtMs
  }
  return { ...younger, startsAtMs, endsAtMs }
}

export function doOverlap(old: Alert, fresh: Alert): boolean {
  const isInside = (timeMs: number): boolean => timeMs > old.startsAtMs && timeMs < old.endsAtMs
  return isInside(fresh.endsAtMs) || isInside(fresh.startsAtMs)
}

/** The order in which alerts stand in a notification: by job, by instance, then by all labels. */
export function compareAlerts(a: Alert, b: Alert): number {
  for (const name of ['job', 'instance']) {
    const [left, right] = [labelValue(a.labels, name), labelValue(b.labels, name)]
    if (left === right) continue
    if (left === '') return 1
    if (right === '') return -1
    return compareText(left, right)
  }
  return compareLabelSets(a.labels, b.labels)
}

/** Upstream's LabelSet.Before: fewer labels first, then name by name. */
export function compareLabelSets(a: Labels, b: Labels): number {
  if (a.length !== b.length) return a.length - b.length
  for (let index = 0; index < a.length; index++) {
    const byName = compareText(a[index][0], b[index][0])
    // The set that lacks the smaller name comes first.
    if (byName !== 0) return -byName
    const byValue = compareText(a[index][1], b[index][1])
    if (byValue !== 0) return byValue
  }
  return 0
}
