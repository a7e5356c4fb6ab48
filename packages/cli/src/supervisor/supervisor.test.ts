import { FakeClock, recordingLogger } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SystemFailure } from './messages.ts'
import type { StartedSystem } from './messages.ts'
import type { SystemRunner } from './runner.ts'
import { FIRST_DELAY_MS, STABLE_AFTER_MS, StartError, Supervisor } from './supervisor.ts'

class FakeRunner implements SystemRunner {
  readonly startedGate = Promise.withResolvers<StartedSystem>()
  readonly exitedGate = Promise.withResolvers<string>()
  readonly started = this.startedGate.promise
  readonly exited = this.exitedGate.promise
  readonly calls: string[] = []
  stopping: Promise<void> = Promise.resolve()
  reload = async (): Promise<void> => void this.calls.push('reload')
  takeSnapshot = async (id: string) => {
    this.calls.push(`take ${id}`)
    if (this.snapshotError) throw this.snapshotError
    return { directory: `/d/${id}`, upstream: 'Fake 1' }
  }
  removeSnapshot = async (id: string): Promise<void> => void this.calls.push(`remove ${id}`)
  snapshotError: Error | undefined
  stop = (): Promise<void> => {
    this.calls.push('stop')
    return this.stopping
  }
  kill = async (): Promise<void> => {
    this.calls.push('kill')
    this.exitedGate.resolve('killed')
  }
  up(): void {
    this.startedGate.resolve({ endpoints: [], notices: [] })
  }
  fail(line: string): void {
    this.startedGate.reject(new SystemFailure({ severity: 'told', lines: [line], stack: undefined }))
  }
}

function setUp(names: readonly string[] = ['only']) {
  const clock = new FakeClock()
  const { logger, records } = recordingLogger()
  const lives: Record<string, FakeRunner[]> = Object.fromEntries(names.map((name) => [name, []]))
  const supervisor = new Supervisor({
    clock,
    logger,
    systems: names.map((name, index) => ({
      name,
      service: name,
      stopRank: index,
      run: () => {
        const runner = new FakeRunner()
        lives[name]!.push(runner)
        return runner
      },
    })),
  })
  return { clock, records, lives, supervisor }
}

test('starts all, and when one fails stops the others and tells every failure', async () => {
  const { supervisor, lives } = setUp(['a', 'b', 'c'])
  const starting = supervisor.start()
  lives['a']![0]!.fail('a.yml:1:1: error: x')
  lives['b']![0]!.up()
  lives['c']![0]!.fail('port taken')
  await assert.rejects(starting, (error: unknown) => {
    assert.ok(error instanceof StartError)
    assert.equal(error.message, 'a: a.yml:1:1: error: x\nc: port taken')
    return true
  })
  assert.deepEqual(lives['b']![0]!.calls, ['stop', 'kill'])
})

test('restarts one that dies after 1, 2, 4 … s, says why, and leaves the others alone', async () => {
  const { supervisor, lives, clock, records } = setUp(['a', 'b'])
  const starting = supervisor.start()
  lives['a']![0]!.up()
  lives['b']![0]!.up()
  await starting
  const delays: number[] = []
  for (let death = 0; death < 8; death++) {
    lives['a']!.at(-1)!.exitedGate.resolve('it ran out of heap')
    await clock.advance(0)
    const delayMs = Number(records.at(-1)!.fields['delayMs'])
    delays.push(delayMs)
    const livesBefore = lives['a']!.length
    await clock.advance(delayMs - 1)
    assert.equal(lives['a']!.length, livesBefore)
    assert.equal(supervisor.statuses()[0]!.state, 'restarting')
    await clock.advance(1)
    assert.equal(lives['a']!.length, livesBefore + 1)
    lives['a']!.at(-1)!.up()
    await clock.advance(0)
  }
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000])
  assert.equal(lives['b']!.length, 1)
  assert.equal(records[0]!.message, 'a system died, starting it again')
  assert.equal(records[0]!.fields['reason'], 'it ran out of heap')
  assert.deepEqual(supervisor.statuses()[0], {
    name: 'a',
    service: 'a',
    state: 'running',
    restarts: 8,
    lastReason: 'it ran out of heap',
  })
})

test('a long life makes up for earlier crashes', async () => {
  const { supervisor, lives, clock, records } = setUp()
  const starting = supervisor.start()
  lives['only']![0]!.up()
  await starting
  for (const expected of [FIRST_DELAY_MS, FIRST_DELAY_MS * 2]) {
    lives['only']!.at(-1)!.exitedGate.resolve('x')
    await clock.advance(expected)
    lives['only']!.at(-1)!.up()
    await clock.advance(0)
  }
  await clock.advance(STABLE_AFTER_MS)
  lives['only']!.at(-1)!.exitedGate.resolve('x')
  await clock.advance(0)
  assert.equal(records.at(-1)!.fields['delayMs'], FIRST_DELAY_MS)
})

test('a restart that fails is tried again', async () => {
  const { supervisor, lives, clock, records } = setUp()
  const starting = supervisor.start()
  lives['only']![0]!.up()
  await starting
  lives['only']![0]!.exitedGate.resolve('x')
  await clock.advance(1000)
  lives['only']![1]!.fail('port taken')
  await clock.advance(2000)
  assert.equal(records.at(-1)!.fields['reason'], 'port taken')
  assert.equal(lives['only']!.length, 3)
})

test('stops rank by rank', async () => {
  const { supervisor, lives } = setUp(['sender', 'store'])
  const starting = supervisor.start()
  const [sender, store] = [lives['sender']![0]!, lives['store']![0]!]
  sender.up()
  store.up()
  await starting
  const senderStops = Promise.withResolvers<void>()
  sender.stopping = senderStops.promise
  const stopping = supervisor.stop()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([sender.calls, store.calls], [['stop'], []])
  senderStops.resolve()
  assert.equal(await stopping, true)
  assert.deepEqual(store.calls, ['stop', 'kill'])
})

test('ends by force what does not stop in time, and goes on with the rest', async () => {
  const { supervisor, lives, clock, records } = setUp(['stuck', 'store'])
  const starting = supervisor.start()
  for (const [runner] of Object.values(lives)) runner!.up()
  await starting
  lives['stuck']![0]!.stopping = new Promise(() => undefined)
  const stopping = supervisor.stop()
  await clock.advance(20_000)
  assert.equal(await stopping, false)
  assert.deepEqual(lives['stuck']![0]!.calls, ['stop', 'kill'])
  assert.deepEqual(lives['store']![0]!.calls, ['stop', 'kill'])
  assert.match(String(records[0]!.fields['reason']), /did not stop within 20 s/)
})

test('a system between two lives is not started again once stopping', async () => {
  const { supervisor, lives, clock } = setUp()
  const starting = supervisor.start()
  lives['only']![0]!.up()
  await starting
  lives['only']![0]!.exitedGate.resolve('x')
  await clock.advance(0)
  assert.equal(await supervisor.stop(), true)
  await clock.advance(60_000)
  assert.equal(lives['only']!.length, 1)
  assert.equal(clock.pendingCount, 0)
})

test('snapshots are taken senders first, and none is kept when one fails', async () => {
  const { supervisor, lives } = setUp(['sender', 'store'])
  const starting = supervisor.start()
  for (const [runner] of Object.values(lives)) runner!.up()
  await starting
  assert.deepEqual(await supervisor.takeSnapshots('A'), [
    { directory: '/d/A', upstream: 'Fake 1', service: 'sender' },
    { directory: '/d/A', upstream: 'Fake 1', service: 'store' },
  ])
  lives['store']![0]!.snapshotError = new Error('disk full')
  await assert.rejects(supervisor.takeSnapshots('B'), /disk full/)
  assert.deepEqual(lives['sender']![0]!.calls, ['take A', 'take B', 'remove B'])
})

test('no snapshot without every system', async () => {
  const { supervisor, lives, clock } = setUp(['sender', 'store'])
  const starting = supervisor.start()
  for (const [runner] of Object.values(lives)) runner!.up()
  await starting
  lives['store']![0]!.exitedGate.resolve('it died')
  await clock.advance(0)
  await assert.rejects(supervisor.takeSnapshots('A'), /store.* is restarting/)
  assert.deepEqual(lives['sender']![0]!.calls, [])
})
