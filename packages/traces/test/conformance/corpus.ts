import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'

import type { Json } from '../support/tempo.ts'

/** Upstream's test data lies beside the repository, not in it: parts of it are AGPL. */
export const CORPUS: string = join(import.meta.dirname, '../../../../../shared/conformance')
export const hasCorpus: boolean = existsSync(CORPUS)

const KNOWN = join(import.meta.dirname, 'known-failures.json')

export interface Case {
  readonly id: string
  /** Throws when the case fails; `skip` with a reason when it cannot be run. */
  run(): void | Promise<void> | { readonly skip: string }
}

export function readFacts(path: string): Json[] {
  return JSON.parse(readFileSync(join(CORPUS, path), 'utf8')).cases
}

/**
 * Runs a family and prints its numbers. Failures must be exactly those of known-failures.json: a new one fails the test, and so
 * does one that passes by now, so that the list only shrinks.
 */
export function runFamily(family: string, load: () => readonly Case[]): void {
  it(
    `${family} has no failure but the known ones`,
    { skip: hasCorpus ? false : 'no ../shared/conformance' },
    async () => {
      const known = (JSON.parse(readFileSync(KNOWN, 'utf8')) as Record<string, Record<string, string>>)[family] ?? {}
      const failures = new Map<string, string>()
      let passed = 0
      let skipped = 0
      for (const item of load()) {
        try {
          const result = await item.run()
          if (result?.skip) skipped++
          else passed++
        } catch (error) {
          failures.set(item.id, error instanceof Error ? error.message : String(error))
        }
      }
      console.log(`${family}: ${passed} passed, ${failures.size} failed, ${skipped} skipped`)
      const unexpected = [...failures].filter(([id]) => !(id in known))
      const fixed = Object.keys(known).filter((id) => !failures.has(id))
      assert.deepEqual(unexpected, [], 'new failures')
      assert.deepEqual(fixed, [], 'these pass now: take them out of known-failures.json')
    },
  )
}
