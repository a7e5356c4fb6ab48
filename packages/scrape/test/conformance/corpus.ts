import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const CORPUS: string = fileURLToPath(new URL('../../../../../shared/conformance/', import.meta.url))

/** The cases of one facts file, or undefined (with a line that says so) when the corpus is not on this machine. */
export function facts<Case>(path: string): readonly Case[] | undefined {
  if (!existsSync(CORPUS)) {
    console.log(`${path}: skipped, ../shared/conformance is not there`)
    return undefined
  }
  return (JSON.parse(readFileSync(CORPUS + path, 'utf8')) as { cases: Case[] }).cases
}

/** Texts that are not UTF-8 stand in the corpus as `{base64}`. */
export function bytesOf(input: string | { base64: string }): Uint8Array {
  return typeof input === 'string' ? Buffer.from(input) : Buffer.from(input.base64, 'base64')
}

/** Counts the cases of one family and compares them with the list of known failures, which may only shrink. */
export class Tally {
  readonly #family: string
  readonly #known: ReadonlySet<string>
  readonly #failed: string[] = []
  #passed = 0
  #skipped = 0

  constructor(family: string, known: readonly string[]) {
    this.#family = family
    this.#known = new Set(known)
  }

  check(id: string, run: () => void): void {
    try {
      run()
      this.#passed++
    } catch (error) {
      this.#failed.push(id)
      if (!this.#known.has(id)) console.log(`${id}: ${(error as Error).message}`)
    }
  }

  skip(): void {
    this.#skipped++
  }

  /** @throws when a case failed that is not known, or a known one passes and must leave the list. */
  close(): void {
    console.log(`${this.#family}: ${this.#passed} passed, ${this.#failed.length} failed, ${this.#skipped} skipped`)
    const unexpected = this.#failed.filter((id) => !this.#known.has(id))
    const repaired = [...this.#known].filter((id) => id.startsWith(this.#family) && !this.#failed.includes(id))
    if (unexpected.length > 0) throw new Error(`${unexpected.length} cases failed: ${unexpected.join(', ')}`)
    if (repaired.length > 0)
      throw new Error(`these cases pass now, remove them from known-failures.json: ${repaired.join(', ')}`)
  }
}
