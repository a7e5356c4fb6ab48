import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { DataDirectoryInUseError, lockDataDirectory } from './data-lock.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
beforeEach(async () => {
  directory = await temporaryDirectory()
})
afterEach(() => directory.remove())

const lockFile = (): string => join(directory.path, 'quartet.lock')

test('refuses a second holder and names the first', async () => {
  const lock = await lockDataDirectory(directory.path)
  await assert.rejects(lockDataDirectory(directory.path), (error: unknown) => {
    assert.ok(error instanceof DataDirectoryInUseError)
    assert.match(error.message, new RegExp(`in use by another Quartet \\(process ${process.pid}\\); --data chooses`))
    return true
  })
  await lock.release()
  await (await lockDataDirectory(directory.path)).release()
  assert.deepEqual(await readdir(directory.path), [])
})

test('takes over what a killed process left behind', async () => {
  const script = `const { lockDataDirectory } = await import(${JSON.stringify(new URL('./data-lock.ts', import.meta.url).href)})
    await lockDataDirectory(${JSON.stringify(directory.path)}); console.log('locked'); setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  await assert.rejects(lockDataDirectory(directory.path), { pid: child.pid })
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await lockDataDirectory(directory.path)).release()
})

test('is not fooled by a reused process id, another boot or a damaged file', async () => {
  await (await lockDataDirectory(directory.path)).release()
  const lock = await lockDataDirectory(directory.path)
  const mine = JSON.parse(await readFile(lockFile(), 'utf8')) as Record<string, unknown>
  await lock.release()
  for (const text of [
    JSON.stringify({ ...mine, startTicks: '1' }),
    JSON.stringify({ ...mine, bootId: 'other' }),
    '',
    '{"pid":',
    'null',
  ]) {
    await writeFile(lockFile(), text)
    await (await lockDataDirectory(directory.path)).release()
  }
})

test('of many at once exactly one gets it, also over a stale file', async () => {
  for (let round = 0; round < 20; round++) {
    await writeFile(lockFile(), '{"pid":1,"startTicks":"0","bootId":"old"}')
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDirectory(directory.path)))
    const locks = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    assert.equal(locks.length, 1)
    await locks[0]!.release()
  }
})
