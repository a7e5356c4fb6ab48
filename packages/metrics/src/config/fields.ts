import { DurationError, parseDuration } from '@quartet/query'
import { z } from 'zod'

/** Milliseconds from a Prometheus duration. */
export const duration = z.string().transform((text, context) => {
  try {
    return parseDuration(text)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
})

const SIZE = /^(\d+(?:\.\d+)?)(B|KB|KiB|MB|MiB|GB|GiB|TB|TiB|PB|PiB|EB|EiB|K|M|G|T|P|E)?$/
const SIZE_UNITS = 'KMGTPE'

/** Bytes from `512MB`, powers of 1024 as upstream's units.Base2Bytes; a bare number is bytes. @returns undefined when malformed */
export function parseBytes(text: string): number | undefined {
  const match = SIZE.exec(text)
  if (match === null) return undefined
  const power = match[2] === undefined ? 0 : SIZE_UNITS.indexOf(match[2][0]) + 1
  return Math.floor(Number(match[1]) * 1024 ** power)
}

export const bytes = z.union([z.string(), z.number()]).transform((value, context) => {
  const size = parseBytes(String(value))
  if (size !== undefined) return size
  context.addIssue({ code: 'custom', message: `units: unknown unit in ${String(value)}` })
  return z.NEVER
})

/** Validated by upstream's own code, not by ours yet: any shape is let through and {@link notSupported} names it. */
export const accepted = z.unknown().optional()

export const stringMap = z.record(z.string(), z.string())
