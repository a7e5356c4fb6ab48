import { decodeUtf8, labelsFromPairs, METRIC_NAME } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'

import { parseFloatText } from './float.ts'

/** Where the parts of one series line stand: name, then pairs. One object per parser, refilled for every line. */
export class SeriesText {
  #ranges = new Int32Array(4 * 32)
  pairCount = 0
  nameStart = -1
  nameEnd = -1

  get hasName(): boolean {
    return this.nameStart >= 0
  }

  begin(nameStart: number, nameEnd: number): void {
    this.pairCount = 0
    this.nameStart = nameStart
    this.nameEnd = nameEnd
  }

  setName(start: number, end: number): void {
    this.nameStart = start
    this.nameEnd = end
  }

  addPair(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const at = this.pairCount * 4
    if (at === this.#ranges.length) {
      const grown = new Int32Array(at * 2)
      grown.set(this.#ranges)
      this.#ranges = grown
    }
    this.#ranges[at] = nameStart
    this.#ranges[at + 1] = nameEnd
    this.#ranges[at + 2] = valueStart
    this.#ranges[at + 3] = valueEnd
    this.pairCount++
  }

  range(pair: number, part: 0 | 1 | 2 | 3): number {
    return this.#ranges[pair * 4 + part]
  }
}

/** Prometheus 3 writes `le="1"` as `le="1.0"`, so that text and protobuf scrapes make the same series. */
export function normalizedLabelOf(familyType: string): 'le' | 'quantile' | undefined {
  if (familyType === 'histogram') return 'le'
  return familyType === 'summary' ? 'quantile' : undefined
}

/** Makes the label set of the ranges, undoing the escapes `\\`, `\"` and `\n`. */
export function collectLabels(
  bytes: Uint8Array,
  series: SeriesText,
  normalized: 'le' | 'quantile' | undefined,
): Labels {
  const pairs: Label[] = []
  if (series.hasName) pairs.push([METRIC_NAME, unescaped(bytes, series.nameStart, series.nameEnd)])
  for (let pair = 0; pair < series.pairCount; pair++) {
    const name = unescaped(bytes, series.range(pair, 0), series.range(pair, 1))
    const value = unescaped(bytes, series.range(pair, 2), series.range(pair, 3))
    pairs.push([name, name === normalized ? openMetricsFloat(value) : value])
  }
  return labelsFromPairs(pairs)
}

/** The canonical OpenMetrics spelling of a float, or the text itself when it is none. */
export function openMetricsFloat(text: string): string {
  const value = parseFloatText(text)
  if (Number.isNaN(value)) return text
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  // Go's %g: an exponent below 1e-4 and from 1e21 on, with at least two digits.
  const magnitude = Math.abs(value)
  if (value !== 0 && (magnitude < 1e-4 || magnitude >= 1e21)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  const plain = String(value)
  return plain.includes('.') ? plain : plain + '.0'
}

function unescaped(bytes: Uint8Array, start: number, end: number): string {
  const text = decodeUtf8(bytes, start, end)
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\["\\n]/g, (escape) => (escape === '\\n' ? '\n' : escape[1]))
}
