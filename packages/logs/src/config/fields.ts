import { z } from 'zod'
import { parseDurationNs, UnitError } from './units.ts'

/** Prometheus- or Go-style duration; milliseconds. A bare 0 is allowed. */
export const duration = z.union([z.string(), z.number()]).transform((given, context) => {
  const text = typeof given === 'number' ? (given === 0 ? '0s' : `${given}s`) : given
  try {
    return parseDurationNs(text) / 1e6
  } catch (error) {
    if (!(error instanceof UnitError)) throw error
    context.addIssue({ code: 'custom', message: `not a valid duration string: ${JSON.stringify(text)}` })
    return z.NEVER
  }
})

/** Keys that upstream has and that are accepted without effect. */
export function unused(names: string): Record<string, z.ZodOptional<z.ZodUnknown>> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, z.unknown().optional()]))
}
