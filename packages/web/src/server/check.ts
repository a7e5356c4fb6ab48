import { ConfigError } from '@quartet/runtime'
import type { CheckOptions, Finding } from '@quartet/runtime'
import { join } from 'node:path'
import { checkExpressions } from './auth/sso/check-expressions.ts'
import { readSettings } from './config/settings.ts'
import { DashboardFileError, listDashboardFiles, readDashboardFile } from './provisioning/dashboard-files.ts'
import type { DashboardProvider } from './provisioning/dashboard-providers.ts'
import { findIgnored } from './provisioning/find-ignored.ts'
import { loadProvisioning, pathsOf, settingsSource } from './service.ts'

/** Reads grafana.ini, the provisioning files and every dashboard, and tells all that is wrong or has no effect. */
export async function checkWeb(
  options: CheckOptions,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<readonly Finding[]> {
  const { settings, findings } = readSettings(await settingsSource(options.flags, environment))
  if (!settings) return findings
  const all = [...findings, ...(await checkExpressions(settings))]
  const { provisioning } = pathsOf(settings, options)
  try {
    const [, providers] = await loadProvisioning(provisioning, environment)
    all.push(...(await findIgnored(provisioning)))
    for (const provider of providers) all.push(...(await checkDashboards(provider)))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    all.push(...error.problems.map(findingOf))
  }
  return all
}

async function checkDashboards(provider: DashboardProvider): Promise<Finding[]> {
  const findings: Finding[] = []
  const orFinding = async <T>(action: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof DashboardFileError)) throw error
      findings.push(findingOf(error.message))
      return undefined
    }
  }
  const owners = new Map<string, string>()
  for (const file of (await orFinding(() => listDashboardFiles(provider.path))) ?? []) {
    const path = join(provider.path, file)
    const dashboard = await orFinding(() => readDashboardFile(path, `${provider.name}/${file}`))
    if (!dashboard) continue
    const owner = owners.get(dashboard.uid)
    if (owner === undefined) owners.set(dashboard.uid, path)
    else
      findings.push({
        severity: 'error',
        at: `${path}:1:1`,
        message: `uid "${dashboard.uid}" is used already by ${owner}`,
      })
  }
  return findings
}

/** Takes `file:line:col: severity: message` apart. */
function findingOf(problem: string): Finding {
  const match = /^(.*:\d+:\d+): (error|warning): (.*)$/s.exec(problem)
  if (!match) return { severity: 'error', at: undefined, message: problem }
  return { severity: match[2] as Finding['severity'], at: match[1], message: match[3] }
}
