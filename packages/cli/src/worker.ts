import { enableCompileCache, flushCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromWorker, SystemStart, ToWorker } from './supervisor/messages.ts'

/** One system in a thread of its own. The cache must be on before anything else is loaded, hence the late imports. */
enableCompileCache((workerData as { cacheDirectory: string }).cacheDirectory)
const { systemClock } = await import('@quartet/runtime')
const { hostSystem } = await import('./supervisor/system-host.ts')
const { toFailure } = await import('./supervisor/messages.ts')

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
