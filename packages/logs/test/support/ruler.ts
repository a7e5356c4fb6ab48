import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { silentLogger } from '@quartet/runtime'
import type { RunningSystem } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { system } from '../../src/index.ts'

export const START_MS = Date.UTC(2026, 0, 1)

/** A log store with a ruler on a fake clock. Rule files are given by path below `rules/`. */
export async function startRuler(
  directory: string,
  given: { files: Readonly<Record<string, string>>; ruler?: string; rest?: string; clock?: FakeClock },
): Promise<Harness> {
  for (const [name, text] of Object.entries(given.files)) await writeRules(directory, name, text)
  const path = join(directory, 'loki.yaml')
  const ruler = given.ruler ?? ''
  const rest = given.rest ?? 'auth_enabled: false\n'
  await writeFile(path, `${rest}ruler:\n  storage: {type: local, local: {directory: rules}}\n${ruler}`)
  const clock = given.clock ?? new FakeClock({ nowMs: START_MS })
  const running = await system.start({
    flags: { 'config.file': path, 'server.http-listen-port': '0', 'server.http-listen-address': '127.0.0.1' },
    dataDirectory: directory,
    stackDirectory: directory,
    listenHost: '127.0.0.1',
    clock,
    logger: silentLogger,
  })
  return new Harness(running, clock)
}

export async function writeRules(directory: string, name: string, text: string): Promise<void> {
  const path = join(directory, 'rules', name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

export class Harness {
  readonly running: RunningSystem
  readonly clock: FakeClock

  constructor(running: RunningSystem, clock: FakeClock) {
    this.running = running
    this.clock = clock
  }

  async ask(path: string, init: RequestInit = {}): Promise<{ status: number; type: string; text: string }> {
    const response = await fetch(this.running.endpoints[0].url + path, init)
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      text: await response.text(),
    }
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- bodies of many shapes, asserted member by member
  async json(path: string): Promise<any> {
    return JSON.parse((await this.ask(path)).text)
  }

  async push(labels: Record<string, string>, lines: readonly string[]): Promise<void> {
    const base = this.clock.nowNs()
    const values = lines.map((line, index) => [String(base + BigInt(index)), line])
    const body = JSON.stringify({ streams: [{ stream: labels, values }] })
    const headers = { 'content-type': 'application/json' }
    const { status, text } = await this.ask('/loki/api/v1/push', { method: 'POST', headers, body })
    assert.equal(status, 204, text)
  }

  /** Time goes on in steps of ten seconds until something holds, which rules on a real store take a moment for. */
  async advanceUntil(condition: () => Promise<boolean>, steps = 60): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await this.clock.advance(10_000)
      if (await condition()) return
    }
    assert.fail('did not happen')
  }
}
