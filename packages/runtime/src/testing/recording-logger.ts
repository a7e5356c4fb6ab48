import type { Logger, LogLevel } from '../log.ts'

export interface LogRecord {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A logger that keeps what it is told, so that a test can say what must be logged. */
export function recordingLogger(): { logger: Logger; records: LogRecord[] } {
  const records: LogRecord[] = []
  return { logger: recorder(records, {}), records }
}

function recorder(records: LogRecord[], base: Record<string, unknown>): Logger {
  const at =
    (level: LogLevel) =>
    (...args: unknown[]): void => {
      const [first, second] = args
      if (typeof first === 'string') records.push({ level, message: first, fields: base })
      else records.push({ level, message: String(second ?? ''), fields: { ...base, ...(first as object) } })
    }
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { ...logger, child: (fields: Record<string, unknown>) => recorder(records, { ...base, ...fields }) } as Logger
}
