import { ConfigError } from '@quartet/runtime'
import type { Finding } from '@quartet/runtime'
import { readSystemFlags, UsageError } from '../system-flags.ts'
import { loadSystem } from '../system-table.ts'
import type { OwnOptions, SystemArguments } from './command-line.ts'

/**
 * Prints what every configuration file says that is wrong, without effect or not supported, file by file.
 * @returns the exit code: 1 when anything is an error
 */
export async function check(
  systems: readonly SystemArguments[],
  options: OwnOptions,
  print: (line: string) => void,
): Promise<number> {
  const counts = { error: 0, warning: 0, info: 0 }
  for (const { entry, args } of systems) {
    const findings = await findingsOf({ entry, args }, options)
    print(findings.length === 0 ? `${entry.service}: no findings` : `${entry.service}:`)
    for (const { severity, at, message } of findings) {
      counts[severity]++
      print(`  ${at === undefined ? '' : `${at}: `}${severity}: ${message}`)
    }
  }
  print(`${counts.error} errors, ${counts.warning} warnings, ${counts.info} notes`)
  return counts.error > 0 ? 1 : 0
}

async function findingsOf({ entry, args }: SystemArguments, options: OwnOptions): Promise<readonly Finding[]> {
  try {
    const definition = await loadSystem(entry)
    const flags = readSystemFlags(definition.flags, args, {
      data: options.dataDirectory,
      stack: options.stackDirectory,
      listen: options.listenHost,
    })
    const { dataDirectory, stackDirectory } = options
    return await definition.check({ flags, dataDirectory, stackDirectory })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(readProblem)
    const lines = error instanceof UsageError ? error.problems : [`cannot be checked: ${String(error)}`]
    return lines.map((message) => ({ severity: 'error', at: undefined, message }))
  }
}

/** `file:line:col: severity: message`, as ConfigError carries it. */
function readProblem(problem: string): Finding {
  const match = /^(.*?:\d+:\d+): (error|warning|info): ([\s\S]*)$/.exec(problem)
  if (!match) return { severity: 'error', at: undefined, message: problem }
  return { severity: match[2] as Finding['severity'], at: match[1], message: match[3]! }
}
