import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError } from '@quartet/runtime'
import { loadRuleFile } from '@quartet/rules'
import { promqlLanguage } from '../../src/rules/promql-rules.ts'

/** Upstream's rule files: the bad ones must be refused with upstream's text, the others accepted. */
const FAMILY = `${process.env.QUARTET_CONFORMANCE ?? '/work/shared/conformance'}/prometheus-config`
const ROOT = `${FAMILY}/prometheus__prometheus`
const LANGUAGE = promqlLanguage({})
let passed = 0
let total = 0

after(() => console.log(`prometheus-config rule files: ${passed} passed, ${total - passed} failed`))

function addCase(name: string, run: () => Promise<void>): void {
  total++
  test(name, async () => {
    await run()
    passed++
  })
}

async function problemsOf(path: string): Promise<string> {
  try {
    await loadRuleFile({ path, language: LANGUAGE })
    return ''
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n')
    throw error
  }
}

const FACTS = `${FAMILY}/facts/rulefmt_errors.json`
const bad: { file: string; error: string }[] = existsSync(FACTS) ? JSON.parse(readFileSync(FACTS, 'utf8')).cases : []
if (bad.length === 0) console.log('rule files: skipped, the conformance corpus is not there')

/** Refused by upstream's tests of other programs. */
const MORE_BAD: readonly { file: string; error: string }[] = [
  {
    file: 'rules/fixtures/invalid_rules.yaml',
    error: 'field unexpected_field not found in type rulefmt.Rule',
  },
  { file: 'cmd/promtool/testdata/rules-bad.yml', error: 'template: __alert_InstanceDown:1:' },
  { file: 'cmd/promtool/testdata/rules_extrafields.yml', error: 'field ownership not found in type rulefmt.RuleGroup' },
  { file: 'cmd/promtool/testdata/bad-rules-syntax.yml', error: 'could not parse expression: 1:7: parse error' },
]

for (const { file, error } of [...bad, ...MORE_BAD].filter((one) => existsSync(`${ROOT}/${one.file}`))) {
  addCase(`refuses ${file}`, async () => {
    const found = await problemsOf(`${ROOT}/${file}`)
    assert.ok(found.includes(error), `wanted ${error}\nfound ${found}`)
    for (const line of found.split('\n')) assert.match(line, /^\/.*:\d+:\d+: error: /)
  })
}

const good = [
  'model/rulefmt/testdata/*.yaml',
  'rules/fixtures/*.yaml',
  'cmd/promtool/testdata/{rules,rules_duplicates,prometheus-rules.lint,at-modifier,negative-offset,bad-rules-error}.yml',
  'cmd/prometheus/testdata/rules/*.yml',
  'config/testdata/*.rules',
]
  .flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
  .filter((file) => !basename(file).includes('.bad.') && !MORE_BAD.some((one) => one.file === file))
  .sort()

for (const file of good) {
  addCase(`accepts ${file}`, async () => assert.equal(await problemsOf(`${ROOT}/${file}`), ''))
}
