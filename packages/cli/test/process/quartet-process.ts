import { temporaryDirectory } from '@quartet/runtime/testing'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../fixtures/main.ts', import.meta.url))

/** The `quartet` command over the fixture systems, as a process of its own. */
export class QuartetProcess {
  readonly data: string
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly #exit: Promise<unknown[]>

  constructor(data: string, args: readonly string[], env: Record<string, string>) {
    this.data = data
    this.child = spawn(process.execPath, [MAIN, ...args, '--data', data], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CACHE: join(tmpdir(), 'quartet-test-compile-cache'), ...env },
    })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.#exit = once(this.child, 'close')
  }

  static async run(args: readonly string[], options: { data?: string; env?: Record<string, string> } = {}) {
    const data = options.data ?? (await temporaryDirectory()).path
    return new QuartetProcess(data, args, options.env ?? {})
  }

  /** Resolves when the output holds the text; rejects with everything printed when the process ends before. */
  async printed(text: string | RegExp): Promise<void> {
    const matches = (): boolean => {
      const all = this.stdout + this.stderr
      return typeof text === 'string' ? all.includes(text) : text.test(all)
    }
    while (!matches()) {
      const data = Promise.race([once(this.child.stdout!, 'data'), once(this.child.stderr!, 'data')])
      const outcome = await Promise.race([data, this.#exit.then(() => 'exit' as const)])
      if (outcome === 'exit' && !matches())
        throw new Error(`ended without printing ${text}:\n${this.stdout}${this.stderr}`)
    }
  }

  ready(): Promise<void> {
    return this.printed('is ready')
  }

  url(service: string): string {
    return new RegExp(`${service} +HTTP +(\\S+)`).exec(this.stdout)![1]!
  }

  async ask(service: string): Promise<string> {
    return (await fetch(`${this.url(service)}/thread`)).text()
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** The exit code, or the signal that ended it. */
  async exit(): Promise<number | NodeJS.Signals> {
    const [code, signal] = (await this.#exit) as [number | null, NodeJS.Signals | null]
    return code ?? signal!
  }

  async notes(): Promise<string[]> {
    return (await readFile(join(this.data, 'notes'), 'utf8')).trim().split('\n')
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.#exit
  }
}
