import { systemClock } from '@quartet/runtime'
import { flushCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { toFailure } from './supervisor/messages.ts'
import type { FromWorker, SystemStart, ToWorker } from './supervisor/messages.ts'
import { hostSystem } from './supervisor/system-host.ts'

/** One system in a thread of its own; begun by worker-entry.mjs. */
const port = parentPort!
const send = (message: FromWorker): void => port.postMessage(message)

const starting = hostSystem((workerData as { start: SystemStart }).start, systemClock)
// Listening while it starts: WAL replay may take long, and pings are answered all the same.
port.on('message', (message: ToWorker) => {
  if (message.kind === 'ping') send({ kind: 'pong' })
  else void obey(message.kind)
})
try {
  const { endpoints, notices } = await starting
  send({ kind: 'started', endpoints, notices })
  // A thread that is terminated never gets to write its cache.
  flushCompileCache()
} catch (error) {
  send({ kind: 'failed', ...toFailure(error) })
}

async function obey(kind: 'reload' | 'stop'): Promise<void> {
  const answer = kind === 'reload' ? 'reloaded' : 'stopped'
  try {
    const system = await starting
    await system[kind]()
    send({ kind: answer, failure: undefined })
  } catch (error) {
    send({ kind: answer, failure: toFailure(error) })
  }
}
