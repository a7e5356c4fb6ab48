/**
 * Keeps the sections used last, up to a number of bytes. A section in use stays alive through its users' references
 * even when it is dropped here.
 */
export class SectionCache {
  readonly #maxBytes: number
  readonly #sections = new Map<string, Uint8Array<SharedArrayBuffer>>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(key: string): Uint8Array<SharedArrayBuffer> | undefined {
    const found = this.#sections.get(key)
    if (found) {
      this.#sections.delete(key)
      this.#sections.set(key, found)
    }
    return found
  }

  set(key: string, section: Uint8Array<SharedArrayBuffer>): void {
    this.#drop(key)
    if (section.length > this.#maxBytes) return
    this.#sections.set(key, section)
    this.#bytes += section.length
    for (const oldest of this.#sections.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.#drop(oldest)
    }
  }

  /** Forgets all sections of one block. */
  dropPrefix(prefix: string): void {
    for (const key of this.#sections.keys()) if (key.startsWith(prefix)) this.#drop(key)
  }

  #drop(key: string): void {
    this.#bytes -= this.#sections.get(key)?.length ?? 0
    this.#sections.delete(key)
  }
}
