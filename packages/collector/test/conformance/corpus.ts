import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `../shared/conformance/alloy` beside the checkout; absent on machines that have only the repository. */
export const CORPUS = fileURLToPath(new URL('../../../../../shared/conformance/alloy', import.meta.url))
const KNOWN_FAILURES = fileURLToPath(new URL('known-failures.json', import.meta.url))

export function corpusExists(): boolean {
  if (existsSync(CORPUS)) return true
  console.log('alloy: skipped, ../shared/conformance is not there')
  return false
}

export interface Case {
  readonly src_line?: number
  readonly name?: string
  readonly test?: string
  readonly [key: string]: unknown
}

export function facts(name: string): readonly Case[] {
  return JSON.parse(readFileSync(join(CORPUS, 'facts', name), 'utf8')).cases
}

export function corpusText(path: string): string {
  return readFileSync(join(CORPUS, path), 'utf8')
}

/** Paths below the corpus with one of the endings, sorted. */
export function corpusFiles(directory: string, ...endings: readonly string[]): readonly string[] {
  return readdirSync(join(CORPUS, directory), { recursive: true, encoding: 'utf8' })
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .map((path) => `${directory}/${path}`)
    .sort()
}

/**
 * Runs cases and compares what fails with the list of known failures: a new failure fails the test, and so does a known one
 * that passes now, so that the list can only shrink.
 */
export class Tally {
  readonly #family: string
  readonly #failed = new Map<string, string>()
  #passed = 0
  #skipped = 0

  constructor(family: string) {
    this.#family = family
  }

  run(id: string, check: () => void): void {
    try {
      check()
      this.#passed++
    } catch (error) {
      this.#failed.set(id, (error as Error).message.replaceAll(/\s*\n\s*/g, ' '))
    }
  }

  skip(): void {
    this.#skipped++
  }

  /** @throws Error that lists what changed */
  finish(): void {
    console.log(
      `alloy: ${this.#passed} passed, ${this.#failed.size} failed, ${this.#skipped} skipped (${this.#family})`,
    )
    const known = Object.keys(JSON.parse(readFileSync(KNOWN_FAILURES, 'utf8'))[this.#family] ?? {})
    const fresh = [...this.#failed].filter(([id]) => !known.includes(id)).map(([id, why]) => `failed: ${id}: ${why}`)
    const healed = known.filter((id) => !this.#failed.has(id)).map((id) => `passes now, take it off the list: ${id}`)
    if (fresh.length + healed.length > 0) throw new Error([...fresh, ...healed].join('\n'))
  }
}
