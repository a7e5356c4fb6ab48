import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { loadRuleFile } from '@quartet/rules'
import { promqlLanguage } from '../../src/rules/promql-rules.ts'

/** The rules that come with Quartet: read by us, and by Debian's promtool where it is there. */
const DIRECTORY = resolve(import.meta.dirname, '../../../../stack/prometheus/config/rules')
const PROMTOOL = process.env.QUARTET_PROMTOOL ?? '/usr/bin/promtool'
const needsPromtool = { skip: existsSync(PROMTOOL) ? false : `${PROMTOOL} is not there` }
const files = globSync('*.yml', { cwd: DIRECTORY }).map((file) => join(DIRECTORY, file))

test('every rule can be read, is there once and helps whoever gets it', async () => {
  assert.equal(files.length, 4)
  for (const path of files) {
    const { groups, duplicates } = await loadRuleFile({ path, language: promqlLanguage({}) })
    assert.deepEqual(duplicates, [])
    for (const rule of groups.flatMap((group) => group.rules)) {
      if (rule.kind === 'recording') continue
      const names = rule.annotations.map(([name]) => name)
      for (const name of ['summary', 'description', 'runbook']) assert.ok(names.includes(name), `${rule.name}: ${name}`)
      const severity = rule.labels.find(([name]) => name === 'severity')?.[1]
      assert.match(severity ?? '', /^(critical|warning|info)$/, rule.name)
    }
  }
})

test('promtool check rules accepts them', needsPromtool, () => {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'rules', ...files], { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})

test('promtool test rules: they fire when they should', needsPromtool, async () => {
  const directory = await temporaryDirectory()
  try {
    const text = await readFile(join(import.meta.dirname, 'default-rules.test.yml'), 'utf8')
    const file = join(directory.path, 'test.yml')
    await writeFile(file, text.replace('[RULES/', `[${DIRECTORY}/`))
    const { status, stdout, stderr } = spawnSync(PROMTOOL, ['test', 'rules', file], { encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
  } finally {
    await directory.remove()
  }
})
