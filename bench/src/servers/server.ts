import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import { cpuSeconds, directoryBytes, memoryOf } from '../process-stats.ts'
import type { Memory } from '../process-stats.ts'

/** How to run one store under test; see the files beside this one. */
export interface ServerKind {
  readonly name: string
  /** Program that must be on PATH; undefined for what is part of this repository. */
  readonly program: string | undefined
  command(options: { port: number; directory: string }): { file: string; args: string[] }
  /** Path that answers 200 once the server takes requests. */
  readonly readyPath: string
}

export function isInstalled(kind: ServerKind): boolean {
  const { program } = kind
  if (program === undefined) return true
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

/** A store as its own process on a free loopback port, with a data directory of its own. */
export class RunningServer {
  readonly kind: ServerKind
  readonly url: string
  readonly directory: string
  readonly #port: number
  #child: ChildProcess
  #errors = ''

  static async start(kind: ServerKind): Promise<RunningServer> {
    const directory = mkdtempSync(join(tmpdir(), `quartet-bench-${kind.name}-`))
    const port = await freePort()
    const server = new RunningServer(kind, port, directory)
    await server.#waitUntilReady()
    return server
  }

  private constructor(kind: ServerKind, port: number, directory: string) {
    this.kind = kind
    this.url = `http://127.0.0.1:${port}`
    this.directory = directory
    this.#port = port
    this.#child = this.#spawn()
  }

  /** Kills the process where it stands (`kill -9`) and starts it again on its data; resolves with the time until it is ready. */
  async killAndRestart(): Promise<number> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await gone
    const started = performance.now()
    this.#child = this.#spawn()
    await this.#waitUntilReady(120_000)
    return performance.now() - started
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  cpuSeconds(): number {
    return cpuSeconds(this.pid)
  }

  memory(): Memory {
    return memoryOf(this.pid)
  }

  bytes(): number {
    return directoryBytes(this.directory)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const gone = new Promise((resolve) => this.#child.once('exit', resolve))
      this.#child.kill('SIGTERM')
      await gone
    }
    rmSync(this.directory, { recursive: true, force: true })
  }

  #spawn(): ChildProcess {
    const { file, args } = this.kind.command({ port: this.#port, directory: this.directory })
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr?.on('data', (chunk: Buffer) => (this.#errors = (this.#errors + chunk).slice(-4000)))
    return child
  }

  async #waitUntilReady(withinMs = 30_000): Promise<void> {
    const deadline = performance.now() + withinMs
    while (performance.now() < deadline) {
      if (this.#child.exitCode !== null) break
      const isReady = await fetch(this.url + this.kind.readyPath).then(
        (response) => response.ok,
        () => false, // not listening yet
      )
      if (isReady) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await this.stop()
    throw new Error(`${this.kind.name} did not become ready:\n${this.#errors}`)
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
