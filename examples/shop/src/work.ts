import { setTimeout as sleep } from 'node:timers/promises'
import { SpanKind, trace } from '@opentelemetry/api'
import type { Attributes, Span } from '@opentelemetry/api'
import { recordFailure } from './http-server.ts'

/** One step of a handler as a span of its own. What `step` throws marks the span as failed and is thrown on. */
export async function inSpan<T>(
  scope: string,
  name: string,
  options: { kind?: SpanKind; attributes?: Attributes },
  step: (span: Span) => Promise<T>,
): Promise<T> {
  return trace.getTracer(scope).startActiveSpan(name, options, async (span) => {
    try {
      return await step(span)
    } catch (error) {
      recordFailure(span, error)
      throw error
    } finally {
      span.end()
    }
  })
}

/** A call of the shop's database, which is a pause here, with the attributes of a real one. */
export function queryDatabase(
  scope: string,
  statement: { operation: string; table: string; text: string },
  durationMs: number,
): Promise<void> {
  const attributes = {
    'db.system.name': 'postgresql',
    'db.namespace': 'shop',
    'db.operation.name': statement.operation,
    'db.collection.name': statement.table,
    'db.query.text': statement.text,
  }
  return inSpan(scope, `${statement.operation} ${statement.table}`, { kind: SpanKind.CLIENT, attributes }, async () => {
    await sleep(durationMs)
  })
}
