import { logs, SeverityNumber } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'

/** Log records of one service. Emitted inside a span they carry its trace and span id. */
export interface Journal {
  info(body: string, attributes?: Attributes): void
  warn(body: string, attributes?: Attributes): void
  error(body: string, exception: unknown, attributes?: Attributes): void
}

export function createJournal(scope: string): Journal {
  const logger = logs.getLogger(scope)
  return {
    info: (body, attributes) =>
      logger.emit({ severityNumber: SeverityNumber.INFO, severityText: 'INFO', body, attributes }),
    warn: (body, attributes) =>
      logger.emit({ severityNumber: SeverityNumber.WARN, severityText: 'WARN', body, attributes }),
    error: (body, exception, attributes) =>
      logger.emit({ severityNumber: SeverityNumber.ERROR, severityText: 'ERROR', body, exception, attributes }),
  }
}
