import { compareText, decodeUtf8 } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import { matchesEmpty } from '@quartet/query'
import type { Matcher } from '@quartet/query'
import { intersectAll, NO_POSTINGS, subtract, union } from '@quartet/storage'
import type { Block, Postings } from '@quartet/storage'
import { decodeColumns, decompress, LABELS, POSTINGS, SERIES, TIMES } from './block-layout.ts'
import type { LabelColumns, PostingsColumns, SeriesColumns } from './block-layout.ts'
import { COLUMN_SLACK } from './column-codec.ts'

/** The decoded index of one block: which series it has, which labels they have, where their chunks lie. */
export class BlockIndex {
  readonly series: SeriesColumns
  readonly times: DataView
  readonly names: readonly string[]
  readonly sizeBytes: number
  readonly #labels: LabelColumns
  readonly #postings: PostingsColumns
  readonly #pairs: (Label | undefined)[] = []

  /** @throws CorruptBlockError */
  static async load(block: Block): Promise<BlockIndex> {
    const [labels, series, postings, times] = await Promise.all(
      [LABELS, SERIES, POSTINGS, TIMES].map((name) => block.sectionRange(name, 0, block.sectionSize(name))),
    )
    return new BlockIndex(decompress(labels), decompress(series), decompress(postings), decompress(times, COLUMN_SLACK))
  }

  private constructor(
    labels: Uint8Array<ArrayBuffer>,
    series: Uint8Array<ArrayBuffer>,
    postings: Uint8Array<ArrayBuffer>,
    times: Uint8Array<ArrayBuffer>,
  ) {
    this.#labels = decodeColumns<LabelColumns>(labels)
    this.series = decodeColumns<SeriesColumns>(series)
    this.#postings = decodeColumns<PostingsColumns>(postings)
    this.times = new DataView(times.buffer)
    this.sizeBytes = labels.length + series.length + postings.length + times.length
    this.names = Array.from({ length: this.#labels.firstPair.length - 1 }, (_, index) => this.#text(index))
  }

  get seriesCount(): number {
    return this.series.pairStart.length - 1
  }

  labelsOf(series: number): Labels {
    const { pairStart, pairs } = this.series
    const labels: Label[] = []
    for (let at = pairStart[series]; at < pairStart[series + 1]; at++) labels.push(this.pair(pairs[at]))
    return labels
  }

  /** Values of a name in order, as numbers of pairs. */
  pairsOf(name: string): { readonly first: number; readonly end: number } {
    const { firstPair } = this.#labels
    let low = 0
    let high = this.names.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareText(this.names[middle], name) < 0) low = middle + 1
      else high = middle
    }
    return this.names[low] === name ? { first: firstPair[low], end: firstPair[low + 1] } : { first: 0, end: 0 }
  }

  value(pair: number): string {
    return this.#text(this.names.length + pair)
  }

  /** Ids, that is ranks by labels, of the series that match every matcher. */
  select(matchers: readonly Matcher[]): Postings {
    const included: Postings[] = []
    const excluded: Postings[] = []
    for (const matcher of matchers) {
      if (matchesEmpty(matcher)) excluded.push(this.#pairPostings(matcher, false))
      else included.push(this.#pairPostings(matcher, true))
    }
    const base =
      included.length > 0 ? intersectAll(included) : Uint32Array.from({ length: this.seriesCount }, (_, id) => id)
    return excluded.reduce(subtract, base)
  }

  pair(pair: number): Label {
    return (this.#pairs[pair] ??= [this.names[this.#nameOf(pair)], this.value(pair)])
  }

  #pairPostings(matcher: Matcher, accepted: boolean): Postings {
    const { first, end } = this.pairsOf(matcher.name)
    const lists: Postings[] = []
    const isPositive = matcher.op === '=' || matcher.op === '=~'
    if (matcher.setMatches && isPositive === accepted) {
      for (const value of matcher.setMatches) {
        const pair = this.#findValue(value, first, end)
        if (pair >= 0) lists.push(this.#ids(pair))
      }
    } else {
      for (let pair = first; pair < end; pair++) {
        if (matcher.matches(this.value(pair)) === accepted) lists.push(this.#ids(pair))
      }
    }
    return union(lists)
  }

  #findValue(value: string, first: number, end: number): number {
    let low = first
    let high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareText(this.value(middle), value) < 0) low = middle + 1
      else high = middle
    }
    return low < end && this.value(low) === value ? low : -1
  }

  #ids(pair: number): Postings {
    const { start, deltas } = this.#postings
    const count = start[pair + 1] - start[pair]
    if (count === 0) return NO_POSTINGS
    const ids = new Uint32Array(count)
    let id = 0
    for (let index = 0; index < count; index++) ids[index] = id += deltas[start[pair] + index]
    return ids
  }

  #nameOf(pair: number): number {
    const { firstPair } = this.#labels
    let low = 0
    let high = firstPair.length - 1
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (firstPair[middle] <= pair) low = middle
      else high = middle
    }
    return low
  }

  #text(index: number): string {
    const { text, textEnd } = this.#labels
    return decodeUtf8(text, index === 0 ? 0 : textEnd[index - 1], textEnd[index])
  }
}
