import { ConfigError } from '@quartet/runtime'
import { loadRuleFile } from '@quartet/rules'
import { filesOf } from '../../config/file-patterns.ts'
import { loadPrometheusConfig } from '../../config/prometheus-config.ts'
import { promqlLanguage } from '../../rules/promql-rules.ts'
import type { UnitTestOptions } from './unit-test.ts'

export interface CheckOutput {
  readonly print: (line: string) => void
  readonly printError: (line: string) => void
}

/** `promtool check config`: the file, and the rule files that it names. @returns whether all is well */
export async function checkConfig(
  paths: readonly string[],
  options: CheckOutput & { readonly isSyntaxOnly: boolean; readonly features: UnitTestOptions['features'] },
): Promise<boolean> {
  const { print, printError, isSyntaxOnly } = options
  let isGood = true
  for (const path of paths) {
    print(`Checking ${path}`)
    try {
      const config = await loadPrometheusConfig(path)
      const ruleFiles = isSyntaxOnly ? [] : (await Promise.all(config.ruleFiles.map(filesOf))).flat()
      if (ruleFiles.length > 0) print(`  SUCCESS: ${ruleFiles.length} rule files found`)
      print(` SUCCESS: ${path} is valid prometheus config file syntax`)
      for (const { at, message } of config.findings) print(`  ${at === undefined ? '' : `${at}: `}note: ${message}`)
      print('')
      if (ruleFiles.length > 0 && (await checkRules(ruleFiles, { ...options, isLinted: true, isFatal: false })) !== 0) {
        isGood = false
      }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      printError('  FAILED:')
      for (const problem of error.problems) printError(`    ${problem}`)
      isGood = false
    }
  }
  return isGood
}

/** `promtool check rules`. @returns upstream's exit code: 0, 1 for a mistake, 3 for what lint finds when that is fatal */
export async function checkRules(
  paths: readonly string[],
  options: CheckOutput & {
    readonly isLinted: boolean
    readonly isFatal: boolean
    readonly features: UnitTestOptions['features']
  },
): Promise<number> {
  const { print, printError, isLinted, isFatal } = options
  let code = 0
  for (const path of paths) {
    print(`Checking ${path}`)
    try {
      const { groups, duplicates } = await loadRuleFile({ path, language: promqlLanguage(options.features) })
      if (isLinted && duplicates.length > 0) {
        print(`${duplicates.length} duplicate rule(s) found.`)
        for (const { at, message } of duplicates) print(`${at}: ${message}`)
        if (isFatal) {
          printError('  FAILED:')
          code ||= 3
          continue
        }
      }
      print(`  SUCCESS: ${groups.reduce((sum, { rules }) => sum + rules.length, 0)} rules found`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      printError('  FAILED:')
      for (const problem of error.problems) printError(problem)
      code = 1
    }
    print('')
  }
  return code
}
