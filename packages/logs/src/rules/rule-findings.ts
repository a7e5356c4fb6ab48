import type { Finding } from '@quartet/runtime'
import type { LokiConfig } from '../config/loki-config.ts'
import { RuleFiles, RuleStoreError } from './logql-rules.ts'
import { SINGLE_TENANT } from './tenant.ts'

/** Everything wrong or doubtful in the rule files that a configuration names, for `quartet check`. */
export async function findRuleProblems({ authEnabled, ruler }: LokiConfig): Promise<Finding[]> {
  if (ruler.directory === undefined) return []
  const files = new RuleFiles(ruler.directory)
  const findings: Finding[] = []
  const collect = async (action: () => Promise<void>): Promise<void> => {
    try {
      await action()
    } catch (error) {
      if (!(error instanceof RuleStoreError)) throw error
      findings.push(...(error.problems.length > 0 ? error.problems : [error.message]).map(errorFinding))
    }
  }
  await collect(async () => {
    for (const tenant of await files.tenants({ mayBeMissing: ruler.isDirectoryImplied })) {
      if (!authEnabled && tenant !== SINGLE_TENANT) {
        const message = `rules of tenant "${tenant}" are not evaluated while auth_enabled is false`
        findings.push({ severity: 'warning', at: `${ruler.directory}/${tenant}`, message })
        continue
      }
      await collect(async () => {
        for (const { duplicates } of await files.namespaces(tenant, 'canonical')) {
          findings.push(...duplicates.map(({ at, message }): Finding => ({ severity: 'warning', at, message })))
        }
      })
    }
  })
  return findings
}

function errorFinding(problem: string): Finding {
  const [, at, message] = /^(.*?:\d+:\d+): error: ([^]*)$/.exec(problem) ?? [undefined, undefined, problem]
  return { severity: 'error', at, message }
}
