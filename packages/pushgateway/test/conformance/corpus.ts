import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'

/** Upstream's test data lies beside the repository, not in it. */
export const CORPUS: string = join(import.meta.dirname, '../../../../../shared/conformance')

/** Decoded JSON of a fact; its shape is what the runner of its file knows. */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
export type Fact = any

export interface Case {
  readonly id: string
  /** Throws when the case fails. */
  run(): void | Promise<void>
}

const KNOWN = join(import.meta.dirname, 'known-failures.json')

export function readFacts(path: string): Fact[] {
  return (JSON.parse(readFileSync(join(CORPUS, path), 'utf8')) as { cases: Fact[] }).cases
}

/** Text of a fact, which is base64 where it is not UTF-8. */
export function bytesOf(text: string | { base64: string }): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.base64, 'base64')
}

/** Runs a family and prints its numbers. Failures must be exactly those of known-failures.json, so that the list only shrinks. */
export function runFamily(family: string, load: () => readonly Case[]): void {
  const skip = existsSync(CORPUS) ? false : 'no ../shared/conformance'
  it(`${family} has no failure but the known ones`, { skip }, async () => {
    const known = (JSON.parse(readFileSync(KNOWN, 'utf8')) as Record<string, Record<string, string>>)[family] ?? {}
    const failures = new Map<string, string>()
    let passed = 0
    for (const item of load()) {
      try {
        await item.run()
        passed++
      } catch (error) {
        failures.set(item.id, error instanceof Error ? error.message : String(error))
      }
    }
    console.log(`${family}: ${passed} passed, ${failures.size} failed`)
    const unexpected = [...failures].filter(([id]) => !(id in known))
    const fixed = Object.keys(known).filter((id) => !failures.has(id))
    assert.deepEqual(unexpected, [], 'new failures')
    assert.deepEqual(fixed, [], 'these pass now: take them out of known-failures.json')
  })
}
