import {
  DurationError,
  formatDuration,
  formatGoDuration,
  parseDuration,
  parseGoDuration,
  RegexError,
  compileRegex,
} from '@quartet/query'
import { z } from 'zod'
import { Secret } from './secret.ts'

/** A Prometheus duration in its canonical text (`90s` is `1m30s`); read it with {@link durationMs}. */
export const duration = z
  .string()
  .transform((text, context) => canonical(text, context, (value) => formatDuration(parseDuration(value))))

/** A Go duration (`1.5s`) in its canonical text; read it with {@link goDurationMs}. */
export const goDuration = z
  .string()
  .transform((text, context) => canonical(text, context, (value) => formatGoDuration(parseGoDuration(value))))

export function durationMs(text: string): number {
  return parseDuration(text)
}

export function goDurationMs(text: string): number {
  return Number(parseGoDuration(text) / 1_000_000n)
}

export const secret = z.string().transform((text) => new Secret(text))

/** An http or https URL. */
export const url = z.string().superRefine((text, context) => {
  const message = urlProblem(text)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})

/** `<secret>` is let through: it is what a printed configuration holds in place of the URL. */
export const secretUrl = z
  .string()
  .superRefine((text, context) => {
    const message = text === '<secret>' ? undefined : urlProblem(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
  .transform((text) => new Secret(text))

/** `host:port`; empty is unset. */
export const hostPort = z.string().superRefine((text, context) => {
  if (text === '') return
  const colon = text.lastIndexOf(':')
  if (colon < 0) context.addIssue({ code: 'custom', message: `address ${text}: missing port in address` })
  else if (colon === text.length - 1) {
    context.addIssue({ code: 'custom', message: `address ${JSON.stringify(text)}: port cannot be empty` })
  }
})

/** A pattern that RE2 reads. */
export const regexText = z.string().superRefine((text, context) => {
  try {
    compileRegex(text, { anchored: true })
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
  }
})

export const text = z.string().default('')
export const optionalText = z.string().optional()
export const stringMap = z.record(z.string(), z.string())
export const whole = z.number().int()

/** Adds rules over several keys of a section: `rules` returns the texts of those that are broken. */
export function checked<S extends z.ZodType>(
  schema: S,
  rules: (value: z.output<S>) => Iterable<string | undefined>,
): z.ZodType<z.output<S>, z.input<S>> {
  return schema.superRefine((value, context) => {
    for (const message of rules(value as z.output<S>)) if (message) context.addIssue({ code: 'custom', message })
  }) as unknown as z.ZodType<z.output<S>, z.input<S>>
}

export function isSet(value: unknown): boolean {
  if (value instanceof Secret) return !value.isEmpty
  return value !== undefined && value !== ''
}

function canonical(value: string, context: z.RefinementCtx, format: (value: string) => string): string {
  try {
    return format(value)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
}

function urlProblem(value: string): string | undefined {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(value)?.[1]?.toLowerCase() ?? ''
  if (scheme !== 'http' && scheme !== 'https') return `unsupported scheme ${JSON.stringify(scheme)} for URL`
  if (!/^[^:]*:\/\/[^/?#]+/.test(value)) return 'missing host for URL'
  return URL.canParse(value) ? undefined : `parse ${JSON.stringify(value)}: invalid URL`
}
