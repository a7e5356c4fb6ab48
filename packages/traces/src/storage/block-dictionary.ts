import { decodeUtf8 } from '@quartet/model'
import type { Dictionary } from '@quartet/model'

/** Contents of a column in a block: `starts` has one more entry than there are contents. */
export class BlockDictionary implements Dictionary {
  readonly size: number
  readonly #starts: Uint32Array
  readonly #arena: Uint8Array
  readonly #texts: (string | undefined)[] = []

  constructor(starts: Uint32Array, arena: Uint8Array) {
    this.size = Math.max(0, starts.length - 1)
    this.#starts = starts
    this.#arena = arena
  }

  text(id: number): string {
    return (this.#texts[id] ??= decodeUtf8(this.#arena, this.#starts[id], this.#starts[id + 1]))
  }

  bytes(id: number): Uint8Array {
    return this.#arena.subarray(this.#starts[id], this.#starts[id + 1])
  }
}

/** Gathers the contents that one column uses, from a dictionary shared by all columns of a head. */
export class DictionaryBuilder {
  readonly #source: Dictionary
  /** Number in the new dictionary by number in the source, plus one; 0: not used yet. */
  readonly #numbers: Uint32Array
  readonly #used: number[] = []

  constructor(source: Dictionary) {
    this.#source = source
    this.#numbers = new Uint32Array(source.size)
  }

  /** The number in the new dictionary of content `id` of the source. */
  number(id: number): number {
    const known = this.#numbers[id]
    if (known > 0) return known - 1
    this.#numbers[id] = this.#used.push(id)
    return this.#used.length - 1
  }

  finish(): { starts: Uint32Array; arena: Uint8Array } {
    const starts = new Uint32Array(this.#used.length + 1)
    const contents: Uint8Array[] = []
    for (const [index, id] of this.#used.entries()) {
      const bytes = this.#source.bytes(id)
      contents.push(bytes)
      starts[index + 1] = starts[index] + bytes.length
    }
    return { starts, arena: Buffer.concat(contents) }
  }
}
