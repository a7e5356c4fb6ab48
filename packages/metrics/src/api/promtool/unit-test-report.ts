import { basename } from 'node:path'
import { ConfigError } from '@quartet/runtime'
import { loadUnitTestFile } from './unit-test-file.ts'
import { runUnitTest } from './unit-test.ts'
import type { UnitTestOptions } from './unit-test.ts'

export interface UnitTestsOptions {
  readonly paths: readonly string[]
  /** Names of groups that are run; all when empty. */
  readonly run: readonly RegExp[]
  readonly features: UnitTestOptions['features']
  readonly print: (line: string) => void
  readonly printError: (line: string) => void
}

interface GroupResult {
  readonly name: string
  readonly problems: readonly string[]
}

/** `promtool test rules`. @returns the results by file, for JUnit, and whether all passed */
export async function runUnitTests(options: UnitTestsOptions): Promise<{ isGood: boolean; junit: string }> {
  let isGood = true
  const suites: { path: string; groups: GroupResult[]; error: string | undefined }[] = []
  for (const path of options.paths) {
    options.print(`Unit Testing:  ${path}`)
    const suite = { path, groups: [] as GroupResult[], error: undefined as string | undefined }
    suites.push(suite)
    try {
      suite.groups = await runFile(path, options)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      suite.error = error.problems.join('\n')
    }
    const problems = [
      ...(suite.error === undefined ? [] : [suite.error]),
      ...suite.groups.flatMap((one) => one.problems),
    ]
    if (problems.length === 0) options.print('  SUCCESS')
    else {
      isGood = false
      options.printError('  FAILED:')
      for (const problem of problems) {
        options.printError(problem)
        options.print('')
      }
    }
    options.print('')
  }
  return { isGood, junit: junitOf(suites) }
}

async function runFile(path: string, { run, features, printError }: UnitTestsOptions): Promise<GroupResult[]> {
  const { file, intervalMs, ruleFiles, unmatched } = await loadUnitTestFile(path)
  for (const pattern of unmatched) printError(`  WARNING: no file match pattern ${pattern}`)
  const repeated = file.group_eval_order.filter((name, index, all) => all.indexOf(name) !== index)
  if (repeated.length > 0) throw new ConfigError([`group name repeated in evaluation order: ${repeated[0]}`])
  const results: GroupResult[] = []
  for (const test of file.tests) {
    if (run.length > 0 && !run.some((pattern) => pattern.test(test.name))) continue
    const options = { ruleFiles, intervalMs, groupOrder: file.group_eval_order, isFuzzy: file.fuzzy_compare, features }
    results.push({ name: test.name, problems: await runUnitTest(test, options) })
  }
  return results
}

function junitOf(
  suites: readonly { path: string; groups: readonly GroupResult[]; error: string | undefined }[],
): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>']
  for (const { path, groups, error } of suites) {
    const cases = error === undefined ? groups : [{ name: basename(path), problems: [error] }]
    const failures = cases.filter(({ problems }) => problems.length > 0).length
    lines.push(`  <testsuite name="${xml(path)}" tests="${cases.length}" failures="${failures}" errors="0">`)
    for (const { name, problems } of cases) {
      lines.push(`    <testcase name="${xml(name)}">`)
      for (const problem of problems) lines.push(`      <failure>${xml(problem)}</failure>`)
      lines.push('    </testcase>')
    }
    lines.push('  </testsuite>')
  }
  return [...lines, '</testsuites>', ''].join('\n')
}

function xml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
