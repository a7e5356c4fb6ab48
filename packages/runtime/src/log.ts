import { pino } from 'pino'
import type { Logger as PinoLogger } from 'pino'

/** Constant message, data in fields: `logger.warn({ segment }, 'cut off a torn tail')`. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'> & {
  child(fields: Record<string, unknown>): Logger
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

const SECRET_PATHS = [
  'password',
  'token',
  'secret',
  'authorization',
  '*.password',
  '*.token',
  '*.secret',
  '*.authorization',
]

/** Writes one JSON object a line to standard error. Fields named like secrets print `<secret>`. */
export function createLogger(options: { level?: LogLevel; fields?: Record<string, unknown> } = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: options.fields ?? {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_PATHS, censor: '<secret>' },
    },
    pino.destination({ fd: 2, sync: true }),
  )
}

export const silentLogger: Logger = createLogger({ level: 'silent' })
