import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServiceReport, StartMessage } from './service.ts'

/** A service of the shop in a process of its own. */
export class ServiceProcess {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
  }

  static async start(message: StartMessage): Promise<ServiceProcess> {
    const child = fork(fileURLToPath(new URL('service.ts', import.meta.url)), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child.send(message)
    const report = await nextReport(child, message.service)
    if (report.kind !== 'ready') throw new Error(`${message.service} stopped instead of starting`)
    return new ServiceProcess(child, report.url)
  }

  /** Sends what is still waiting; returns what the exporters complained about. */
  async stop(): Promise<readonly string[]> {
    if (this.#child.exitCode !== null) return [`the process ended early with code ${this.#child.exitCode}`]
    const exited = once(this.#child, 'exit')
    this.#child.send('stop')
    const report = await nextReport(this.#child, 'a service')
    await exited
    return report.kind === 'stopped' ? report.problems : []
  }
}

async function nextReport(child: ChildProcess, name: string): Promise<ServiceReport> {
  const ended = new AbortController()
  const early = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`${name} ended with code ${code}`)
  })
  try {
    const [report] = await Promise.race([once(child, 'message', { signal: ended.signal }), early])
    return report as ServiceReport
  } finally {
    early.catch(() => {
      // Lost the race, or aborted below: the report has arrived.
    })
    ended.abort()
  }
}
