import { DurationError, parseDuration, parseGoDuration } from '@quartet/query'
import { z } from 'zod'

/** Go's time.Duration as text; milliseconds. */
export const goDuration = z
  .string()
  .transform((text, context) => milliseconds(() => Number(parseGoDuration(text)) / 1e6, context))

/** Prometheus's model.Duration (`30s`, `1d`) as text; milliseconds. */
export const prometheusDuration = z
  .string()
  .transform((text, context) => milliseconds(() => Number(parseDuration(text)), context))

function milliseconds(parse: () => number, context: z.RefinementCtx): number {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
}

/** Keys that upstream has and that are accepted without effect. */
export function unused(names: string): Record<string, z.ZodOptional<z.ZodUnknown>> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, z.unknown().optional()]))
}
