import { systemClock } from '@quartet/runtime'
import type { RunningSystem } from '@quartet/runtime'
import { flushCompileCache } from 'node:module'
import type { MessagePort } from 'node:worker_threads'
import { toFailure } from './supervisor/messages.ts'
import type { FromWorker, SystemStart, ToWorker } from './supervisor/messages.ts'
import { settleWhenIdle } from './supervisor/settle.ts'
import { hostSystem } from './supervisor/system-host.ts'

/** One system in a thread of its own; called by worker-entry.mjs. */
export async function runWorker(port: MessagePort, start: SystemStart): Promise<void> {
  const send = (message: FromWorker): void => port.postMessage(message)
  const starting = hostSystem(start, systemClock)
  // Listening while it starts: WAL replay may take long, and pings are answered all the same.
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'ping') send({ kind: 'pong' })
    else void obey(message.kind, starting).then(send)
  })
  try {
    const { endpoints, notices } = await starting
    send({ kind: 'started', endpoints, notices })
    // A thread that is terminated never gets to write its cache.
    flushCompileCache()
    settleWhenIdle(systemClock)
  } catch (error) {
    send({ kind: 'failed', ...toFailure(error) })
  }
}

async function obey(kind: 'reload' | 'stop', starting: Promise<RunningSystem>): Promise<FromWorker> {
  const answer = kind === 'reload' ? 'reloaded' : 'stopped'
  try {
    const system = await starting
    await system[kind]()
    return { kind: answer, failure: undefined }
  } catch (error) {
    return { kind: answer, failure: toFailure(error) }
  }
}
