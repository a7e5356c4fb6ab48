import { decodeUtf8, isValidUtf8 } from '@quartet/model'
import { ByteInterner } from '../storage/byte-interner.ts'

/** Texts beyond this are thrown out when no series or edge needs them any more. */
const MAX_BYTES = 8 << 20

/** The empty text: a label with it does not exist. */
export const NO_TEXT = 0

/**
 * Numbers the texts that labels are made of, so that a span's labels are a few integers. Numbers change when {@link rebuild}
 * throws out what is not used; whoever keeps some moves them then.
 */
export class TextPool {
  #texts = new ByteInterner()
  readonly #maxBytes: number
  readonly #encoder = new TextEncoder()
  readonly #scratch = new Uint8Array(64)

  /** @param maxBytes longer texts are cut, at a character's edge */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#texts.intern(this.#scratch, 0, 0)
  }

  get size(): number {
    return this.#texts.size
  }

  get needsRebuild(): boolean {
    return this.#texts.arenaBytes > MAX_BYTES
  }

  intern(bytes: Uint8Array, start: number, end: number): number {
    return this.#texts.intern(bytes, start, end - start > this.#maxBytes ? this.#cut(bytes, start) : end)
  }

  internText(text: string): number {
    // What is made of numbers is short and ASCII; its bytes need no buffer of their own.
    if (text.length <= this.#scratch.length) {
      for (let index = 0; index < text.length; index++) {
        const code = text.charCodeAt(index)
        if (code > 0x7f) return this.#internLong(text)
        this.#scratch[index] = code
      }
      return this.#texts.intern(this.#scratch, 0, Math.min(text.length, this.#maxBytes))
    }
    return this.#internLong(text)
  }

  text(id: number): string {
    const bytes = this.#texts.bytes(id)
    return decodeUtf8(bytes, 0, bytes.length)
  }

  isValid(id: number): boolean {
    const bytes = this.#texts.bytes(id)
    return isValidUtf8(bytes, 0, bytes.length)
  }

  /** Keeps only the texts that `move` is called with inside of `each`; `move` gives their new numbers. */
  rebuild(each: (move: (id: number) => number) => void): void {
    const old = this.#texts
    const kept = new ByteInterner()
    kept.intern(this.#scratch, 0, 0)
    each((id) => {
      const bytes = old.bytes(id)
      return kept.intern(bytes, 0, bytes.length)
    })
    this.#texts = kept
  }

  #internLong(text: string): number {
    const bytes = this.#encoder.encode(text)
    return this.intern(bytes, 0, bytes.length)
  }

  #cut(bytes: Uint8Array, start: number): number {
    let end = start + this.#maxBytes
    while (end > start && (bytes[end] & 0xc0) === 0x80) end--
    return end
  }
}
