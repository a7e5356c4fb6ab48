import type { Finding } from '@quartet/runtime'
import type { Settings } from '../../config/settings.ts'
import { expressionProblem } from './expression.ts'

const SECTION = 'auth.generic_oauth'
const KEYS = ['login', 'name', 'email', 'role', 'groups'].map((attribute) => `${attribute}_attribute_path`)

/** JMESPath expressions that cannot be understood. Without single sign-on nothing is loaded for it. */
export async function checkExpressions(settings: Settings): Promise<Finding[]> {
  if (!settings.flag(SECTION, 'enabled')) return []
  const findings: Finding[] = []
  for (const key of KEYS) {
    const expression = settings.text(SECTION, key).trim()
    const problem = expression === '' ? undefined : await expressionProblem(expression)
    if (problem === undefined) continue
    const message = `[${SECTION}] ${key}: is not JMESPath: ${problem}`
    findings.push({ severity: 'error', at: settings.origin(SECTION, key), message })
  }
  return findings
}
