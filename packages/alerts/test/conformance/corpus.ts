import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'

/** Upstream's test data lies beside the repository, not in it. */
export const CORPUS: string = join(import.meta.dirname, '../../../../../shared/conformance/alertmanager')
export const UPSTREAM: string = join(CORPUS, 'prometheus__alertmanager')

const KNOWN = join(import.meta.dirname, 'known-failures.json')

export interface Case {
  readonly id: string
  /** Throws when the case fails; says why when it cannot be run. */
  run(): unknown
}

// oxlint-disable-next-line typescript/no-explicit-any -- facts have a shape of their own per file
export type Fact = any

export class Skip {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

export function readFacts(name: string): Fact {
  return JSON.parse(readFileSync(join(CORPUS, 'facts', `${name}.json`), 'utf8'))
}

/**
 * Runs a family and prints its numbers. Failures must be exactly those of known-failures.json: a new one fails the test, and so
 * does one that passes by now, so that the list only shrinks.
 */
export function runFacts(name: string, cases: () => readonly Case[]): void {
  const skip = existsSync(CORPUS) ? false : 'no ../shared/conformance'
  it(`${name} has no failure but the known ones`, { skip }, async () => {
    const known = (JSON.parse(readFileSync(KNOWN, 'utf8')) as Record<string, Record<string, string>>)[name] ?? {}
    const failures = new Map<string, string>()
    let passed = 0
    let skipped = 0
    for (const item of cases()) {
      try {
        if ((await item.run()) instanceof Skip) skipped++
        else passed++
      } catch (error) {
        failures.set(item.id, error instanceof Error ? error.message : String(error))
      }
    }
    console.log(`alertmanager ${name}: ${passed} passed, ${failures.size} failed, ${skipped} skipped`)
    assert.deepEqual(
      [...failures].filter(([id]) => !(id in known)),
      [],
      'new failures',
    )
    assert.deepEqual(
      Object.keys(known).filter((id) => !failures.has(id)),
      [],
      'these pass now: take them out of known-failures.json',
    )
  })
}
