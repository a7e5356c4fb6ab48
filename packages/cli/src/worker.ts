import { systemClock } from '@quartet/runtime'
import type { RunningSystem } from '@quartet/runtime'
import { flushCompileCache } from 'node:module'
import type { MessagePort } from 'node:worker_threads'
import { toFailure } from './supervisor/messages.ts'
import type { FromWorker, SystemStart, ToWorker } from './supervisor/messages.ts'
import { settleWhenIdle } from './supervisor/settle.ts'
import { hostSystem } from './supervisor/system-host.ts'
import type { HostedSystem } from './supervisor/system-host.ts'

/** The systems of one thread, usually one; called by worker-entry.mjs. */
export function runWorker(port: MessagePort): void {
  const systems = new Map<string, Promise<HostedSystem>>()
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
    else if (message.kind === 'takeSnapshot') void takeSnapshot(message, systems.get(message.name)).then(send)
    else if (message.kind === 'removeSnapshot') void removeSnapshot(message, systems.get(message.name)).then(send)
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

type Hosted = Promise<HostedSystem> | undefined

async function takeSnapshot({ name, id }: { name: string; id: string }, hosted: Hosted): Promise<FromWorker> {
  const answer = { kind: 'snapshotTaken', name, id } as const
  try {
    const system = await hosted
    const directory = await system?.snapshots?.create(id)
    const snapshot = system && directory !== undefined ? { directory, upstream: system.upstream } : undefined
    return { ...answer, snapshot, failure: undefined }
  } catch (error) {
    return { ...answer, snapshot: undefined, failure: toFailure(error) }
  }
}

async function removeSnapshot({ name, id }: { name: string; id: string }, hosted: Hosted): Promise<FromWorker> {
  const answer = { kind: 'snapshotRemoved', name, id } as const
  try {
    await (await hosted)?.snapshots?.remove(id)
    return { ...answer, failure: undefined }
  } catch (error) {
    return { ...answer, failure: toFailure(error) }
  }
}
