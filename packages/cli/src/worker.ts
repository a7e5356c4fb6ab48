import { systemClock } from '@quartet/runtime'
import type { RunningSystem } from '@quartet/runtime'
import { flushCompileCache } from 'node:module'
import type { MessagePort } from 'node:worker_threads'
import { toFailure } from './supervisor/messages.ts'
import type { FromWorker, SystemStart, ToWorker } from './supervisor/messages.ts'
import { settleWhenIdle } from './supervisor/settle.ts'
import { hostSystem } from './supervisor/system-host.ts'

/** The systems of one thread, usually one; called by worker-entry.mjs. */
export function runWorker(port: MessagePort): void {
  const systems = new Map<string, Promise<RunningSystem>>()
  const send = (message: FromWorker): void => port.postMessage(message)
  let isSettling = false

  const start = async (start: SystemStart): Promise<void> => {
    const { name } = start
    const starting = hostSystem(start, systemClock)
    systems.set(name, starting)
    try {
      const { endpoints, notices } = await starting
      send({ kind: 'started', name, endpoints, notices })
      // A thread that is terminated never gets to write its cache.
      flushCompileCache()
      if (!isSettling) settleWhenIdle(systemClock)
      isSettling = true
    } catch (error) {
      systems.delete(name)
      send({ kind: 'failed', name, ...toFailure(error) })
    }
  }

  // Listening while systems start: WAL replay may take long, and pings are answered all the same.
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'ping') send({ kind: 'pong' })
    else if (message.kind === 'start') void start(message.start)
    else void obey(message.kind, message.name, systems.get(message.name)).then(send)
  })
}

async function obey(
  kind: 'reload' | 'stop',
  name: string,
  starting: Promise<RunningSystem> | undefined,
): Promise<FromWorker> {
  const answer = kind === 'reload' ? 'reloaded' : 'stopped'
  try {
    const system = await starting
    await system?.[kind]()
    return { kind: answer, name, failure: undefined }
  } catch (error) {
    return { kind: answer, name, failure: toFailure(error) }
  }
}
