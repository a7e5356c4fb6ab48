import { quoteGo } from '@quartet/query'
import { z } from 'zod'
import { checked, labelsProblem, listOf, section, stringMap } from './fields.ts'

/** `static_configs`: targets that stand in the file. */
export const staticConfigs = listOf(
  checked(
    section(
      'targetgroup.Group',
      { targets: z.array(z.string()).default([]), labels: stringMap.default({}) },
      'empty or null section in static_configs',
    ),
    ({ labels }) => labelsProblem(labels),
  ),
).default([])

/** Upstream's complaint about a URL where `host:port` belongs; relabelling rules may still make something of it. */
export function targetsProblem(
  groups: z.infer<typeof staticConfigs>,
  relabelling: readonly unknown[],
): string | undefined {
  if (relabelling.length > 0) return undefined
  const bad = groups.flatMap(({ targets }) => targets).find((target) => target.includes('/'))
  return bad === undefined ? undefined : `${quoteGo(bad)} is not a valid hostname`
}
