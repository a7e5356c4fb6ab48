import { parentPort } from 'node:worker_threads'
import { QueryEngine } from '../../query/engine.ts'
import { encodeQueryResult } from '../query-response.ts'
import { failureOf } from './failure.ts'
import type { FromThread, QueryCall, ToThread } from './messages.ts'
import { ThreadSource } from './thread-source.ts'

/** Evaluates heavy queries and writes their answers. Knows no files and no HTTP, and loads nothing that does: it is to start fast and stay small. */
const port = parentPort
if (port === null) throw new Error('this is the entry of a query thread')

const post = (message: FromThread): void => {
  if (message.kind === 'answer') port.postMessage(message, [message.body.buffer])
  else port.postMessage(message)
}
const source = new ThreadSource(post)
const running = new Map<number, AbortController>()

port.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'run':
      void run(message.id, message.call)
      return
    case 'cancel':
      running.get(message.id)?.abort()
      return
    default:
      source.hear(message)
  }
})

async function run(id: number, call: QueryCall): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  try {
    // A deadline is a distance from now; a clock, which has the time of day and timers, is not needed.
    const engine = new QueryEngine(source.of(id), { ...call.engine, nowMs: () => performance.now() })
    const { query, at, timeoutMs, lookbackMs, response } = call
    const limits = { timeoutMs, signal: controller.signal, ...(lookbackMs !== undefined && { lookbackMs }) }
    const expr = engine.parse(query)
    const result =
      at.kind === 'instant' ? await engine.instant(expr, at.timeMs, limits) : await engine.range(expr, at, limits)
    const body = new Uint8Array(await encodeQueryResult(result, { query, ...response }))
    post({ kind: 'answer', id, body })
  } catch (error) {
    post({ kind: 'error', id, failure: failureOf(error) })
  } finally {
    running.delete(id)
  }
}
