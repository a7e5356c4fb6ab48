import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runScript, UPSTREAM_TEST_ENGINE } from '../support/promqltest.ts'

const DIRECTORY = import.meta.dirname

for (const file of readdirSync(DIRECTORY).filter((name) => name.endsWith('.test'))) {
  for (const delayNameRemoval of [false, true]) {
    test(`${file} ${delayNameRemoval ? 'with' : 'without'} delayed name removal`, async () => {
      const options = { ...UPSTREAM_TEST_ENGINE, delayNameRemoval }
      const results = await runScript(file, readFileSync(resolve(DIRECTORY, file), 'utf8'), options)
      assert.deepEqual(
        results.filter(({ problem }) => problem !== undefined),
        [],
      )
      assert.ok(results.length > 0)
    })
  }
}
