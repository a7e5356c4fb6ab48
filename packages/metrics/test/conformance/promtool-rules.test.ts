import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { runUnitTests } from '../../src/api/promtool/unit-test-report.ts'

/** Upstream's own cases of `promtool test rules`: which files pass. */
const ROOT = resolve(import.meta.dirname, '../../../../../shared/conformance/prometheus-config')
const FACTS = resolve(ROOT, 'facts/promtool_test_rules.json')
const isAbsent = !existsSync(FACTS)
if (isAbsent) console.log('promtool_test_rules: skipped, ../shared/conformance is not there')

/** By line. They switch off what is always on since 3.0. */
const KNOWN_FAILURES = [88, 105]

interface Case {
  readonly name: string
  readonly files: readonly string[]
  readonly exit_code: number
  readonly run_filter: readonly string[] | null
  readonly src_line: number
}

test('promtool_test_rules.json', { skip: isAbsent }, async () => {
  const { cases } = JSON.parse(readFileSync(FACTS, 'utf8')) as { cases: readonly Case[] }
  const failed: number[] = []
  for (const { name, files, exit_code, run_filter, src_line } of cases) {
    const told: string[] = []
    const { isGood, junit } = await runUnitTests({
      paths: files.map((file) => resolve(ROOT, 'prometheus__prometheus', file)),
      run: (run_filter ?? []).map((pattern) => new RegExp(pattern)),
      features: {},
      print: (line) => told.push(line),
      printError: (line) => told.push(line),
    })
    assert.equal(junit.includes('<failure>'), !isGood)
    if (isGood === (exit_code === 0)) continue
    failed.push(src_line)
    if (!KNOWN_FAILURES.includes(src_line)) console.log(`${src_line} ${name}:\n${told.join('\n')}`)
  }
  console.log(`promtool_test_rules.json: ${cases.length - failed.length} of ${cases.length} passed`)
  assert.deepEqual(failed, KNOWN_FAILURES)
})
