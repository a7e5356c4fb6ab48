import { ConfigError } from '@quartet/runtime'
import type { Finding } from '@quartet/runtime'
import { loadRuleFile } from '@quartet/rules'
import type { RuleGroupSpec, RuleLanguage } from '@quartet/rules'
import { filesOf } from '../config/file-patterns.ts'
import type { PrometheusConfig } from '../config/prometheus-config.ts'
import { ParseError, positionOf } from '../query/syntax/parse-error.ts'
import { parseExpr } from '../query/syntax/parser.ts'
import type { ParseOptions } from '../query/syntax/parser.ts'
import { printExpr } from '../query/syntax/printer.ts'

/** PromQL as the language of rules. */
export function promqlLanguage(options: ParseOptions): RuleLanguage {
  return {
    check(expr) {
      try {
        parseExpr(expr, options)
        return []
      } catch (error) {
        if (!(error instanceof ParseError)) throw error
        return error.problems.map(({ message, range }) => ({
          severity: 'error',
          message: `${positionOf(expr, range.start)}: parse error: ${message}`,
          range,
        }))
      }
    },
    print: (expr) => printExpr(parseExpr(expr, options)),
  }
}

export interface LoadedRules {
  readonly groups: readonly RuleGroupSpec[]
  /** What is allowed and seldom meant. */
  readonly findings: readonly Finding[]
}

/**
 * Reads what `rule_files` names; a pattern without a file is no error.
 * @throws ConfigError with the problems of all files
 */
export async function loadRules(config: PrometheusConfig, options: ParseOptions): Promise<LoadedRules> {
  const groups: RuleGroupSpec[] = []
  const findings: Finding[] = []
  const problems: string[] = []
  const language = promqlLanguage(options)
  const paths = new Set((await Promise.all(config.ruleFiles.map(filesOf))).flat())
  for (const path of paths) {
    try {
      const file = await loadRuleFile({ path, language, legacyNames: config.hasLegacyNames })
      groups.push(...file.groups)
      for (const { at, message } of file.duplicates) findings.push({ severity: 'warning', at, message })
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { groups, findings }
}
