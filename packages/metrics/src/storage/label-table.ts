import { compareText, decodeUtf8 } from '@quartet/model'
import type { Label } from '@quartet/model'
import { PostingsBuilder } from '@quartet/storage'
import type { Postings } from '@quartet/storage'
import { ByteTable } from './byte-table.ts'

/** No pair has this number. */
export const NO_PAIR = 0xffffffff

/** One label name and the pairs that have it. */
export interface LabelName {
  readonly name: string
  readonly pairs: PostingsBuilder
}

/**
 * The label pairs of the head, each once, and which series have them. A pair is known by the bytes of its label message; its
 * strings are made when a query first wants them.
 */
export class LabelTable {
  readonly #pairs = new ByteTable(256)
  readonly #names = new Map<string, LabelName>()
  #nameOf: LabelName[] = []
  #labels: (Label | undefined)[] = []
  #series: PostingsBuilder[] = []

  /** Number of pairs. */
  get count(): number {
    return this.#pairs.count
  }

  get sizeBytes(): number {
    return this.#pairs.sizeBytes + this.#pairs.count * 120
  }

  /**
   * The pair whose canonical label message is `bytes[start, end)`, added when it is new.
   * @param view of the same buffer as `bytes`, from its beginning
   * @param guess a pair that it may well be, or {@link NO_PAIR}
   */
  intern(bytes: Uint8Array, view: DataView, start: number, end: number, guess: number): number {
    if (guess !== NO_PAIR && this.#pairs.equals(guess, view, start, end)) return guess
    const before = this.#pairs.count
    const pair = this.#pairs.intern(bytes, start, end, view)
    if (pair === before) this.#register(pair)
    return pair
  }

  find(message: Uint8Array): number {
    return this.#pairs.find(message, 0, message.length)
  }

  addSeries(pair: number, series: number): void {
    this.#series[pair].add(series)
  }

  /** Series that have the pair. */
  postings(pair: number): Postings {
    return this.#series[pair].view()
  }

  label(pair: number): Label {
    return (this.#labels[pair] ??= this.#decode(pair))
  }

  /** The name of a pair as one object, for comparing by identity. */
  nameOf(pair: number): LabelName {
    return this.#nameOf[pair]
  }

  name(name: string): LabelName | undefined {
    return this.#names.get(name)
  }

  names(): IterableIterator<LabelName> {
    return this.#names.values()
  }

  /** Orders pairs by name, then value. */
  compare(a: number, b: number): number {
    if (a === b) return 0
    const left = this.label(a)
    const right = this.label(b)
    return left[0] === right[0] ? compareText(left[1], right[1]) : compareText(left[0], right[0])
  }

  #register(pair: number): void {
    const [text] = this.#decode(pair)
    let name = this.#names.get(text)
    if (!name) {
      name = { name: text, pairs: new PostingsBuilder() }
      this.#names.set(text, name)
    }
    name.pairs.add(pair)
    this.#nameOf.push(name)
    this.#labels.push(undefined)
    this.#series.push(new PostingsBuilder(1))
  }

  #decode(pair: number): Label {
    const { bytes } = this.#pairs
    let at = this.#pairs.start(pair) + 1
    const skipLength = (): number => {
      let length = 0
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]
        length |= (byte & 127) << shift
        if (byte < 128) return length
      }
    }
    skipLength()
    at++
    const nameLength = skipLength()
    const name = decodeUtf8(bytes, at, at + nameLength)
    at += nameLength + 1
    const valueLength = skipLength()
    return [this.#names.get(name)?.name ?? name, decodeUtf8(bytes, at, at + valueLength)]
  }
}
