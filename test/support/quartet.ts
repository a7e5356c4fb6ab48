import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CLI = join(ROOT, 'packages/cli/src/main.ts')
const READY = / is ready \(/
const START_LIMIT_MS = 60_000

export interface StartOptions {
  /** `up`, or `serve` with these systems. */
  readonly systems?: readonly string[]
  /** Keeps data and configuration of an earlier start. */
  readonly directory?: string
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Changes the copy of the stack that it starts with. */
  readonly configure?: (stackDirectory: string) => void
}

/**
 * A whole Quartet as its own process, with the default `stack/`, on a loopback address of its own: ports are the usual ones, so
 * the shipped configuration is what is tested, and several can run at once.
 */
export class Quartet {
  readonly directory: string
  readonly host: string
  readonly #child: ChildProcess
  readonly #exited: Promise<number | null>
  output = ''

  static async start(options: StartOptions = {}): Promise<Quartet> {
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'quartet-test-'))
    const quartet = new Quartet(directory, loopbackAddress(directory), options)
    await quartet.#ready()
    return quartet
  }

  private constructor(directory: string, host: string, options: StartOptions) {
    this.directory = directory
    this.host = host
    copyStack(join(directory, 'stack'), host)
    options.configure?.(join(directory, 'stack'))
    const command = options.systems ? ['serve', ...options.systems] : ['up']
    const args = [
      CLI,
      ...command,
      `--data=${join(directory, 'data')}`,
      `--stack=${join(directory, 'stack')}`,
      `--listen=${host}`,
    ]
    const env: NodeJS.ProcessEnv = { ...process.env, GRAFANA_ADMIN_PASSWORD: 'end-to-end-password', ...options.env }
    // That of npm, if it started this test, and none of Quartet's concern.
    delete env['QUARTET_LAUNCHER_PID']
    this.#child = spawn(process.execPath, [...args, ...(options.flags ?? [])], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const keep = (chunk: Buffer): void => void (this.output = (this.output + chunk).slice(-200_000))
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    this.#exited = new Promise((resolve) => this.#child.once('exit', resolve))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  url(port: number, path = ''): string {
    return `http://${this.host}:${port}${path}`
  }

  /** @throws when the answer is not a success, with its body */
  async get<T>(port: number, path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(this.url(port, path), init)
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 500)}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  /** SIGKILL: nothing is flushed. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** SIGTERM; returns the exit code. Removes the directory unless `keep`. */
  async stop(options: { keep?: boolean } = {}): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM')
    const code = await this.#exited
    if (!options.keep) rmSync(this.directory, { recursive: true, force: true })
    return code
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS
    while (!READY.test(this.output)) {
      const exited = await Promise.race([this.#exited.then(() => true), pause(25)])
      if (exited === true) throw new Error(`quartet ended before it was ready:\n${this.output}`)
      if (performance.now() > deadline) {
        await this.kill()
        throw new Error(`quartet was not ready after ${START_LIMIT_MS} ms:\n${this.output}`)
      }
    }
  }
}

/** Waits for something that other processes bring about; what it last saw is in the error. */
export async function eventually<T>(what: string, attempt: () => Promise<T>, limitMs = 20_000): Promise<T> {
  const deadline = performance.now() + limitMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`${what} did not happen within ${limitMs} ms`, { cause: error })
      await pause(50)
    }
  }
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms))
}

/** 127.0.0.0/8 is all loopback: an address per directory, so tests do not meet on ports. */
function loopbackAddress(directory: string): string {
  let hash = 7
  for (const char of directory) hash = (hash * 31 + char.charCodeAt(0)) % 62_500
  return `127.${10 + (hash % 90)}.${1 + (Math.floor(hash / 90) % 250)}.${1 + (hash % 250)}`
}

function copyStack(target: string, host: string): void {
  cpSync(join(ROOT, 'stack'), target, { recursive: true })
  for (const path of filesBelow(target)) {
    const text = readFileSync(path, 'utf8')
    if (text.includes('127.0.0.1')) writeFileSync(path, text.replaceAll('127.0.0.1', host))
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}
