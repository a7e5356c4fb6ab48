import assert from 'node:assert/strict'
import { appendFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { temporaryDirectory } from '@quartet/runtime/testing'
import type { Position } from './positions.ts'
import { Tailer } from './tailer.ts'

async function follow(t: TestContext, options: { text?: string; position?: Position; fromEnd?: boolean } = {}) {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const path = join(directory.path, 'app.log')
  if (options.text !== undefined) await writeFile(path, options.text)
  const lines: string[] = []
  const events: string[] = []
  const state = { offset: -1, refuse: false }
  const tailer = new Tailer({
    path,
    position: options.position,
    fromEnd: options.fromEnd ?? false,
    async push(found) {
      if (state.refuse) throw new Error('full')
      lines.push(...found)
    },
    onPosition: (offset) => (state.offset = offset),
    onEvent: (event) => events.push(event),
  })
  t.after(() => tailer.close())
  return { path, tailer, lines, events, state }
}

test('reads complete lines and waits for the rest of an incomplete one', async (t) => {
  const { path, tailer, lines, state } = await follow(t, { text: 'one\r\ntwo\nthr' })
  await tailer.poll()
  assert.deepEqual(lines, ['one', 'two'])
  assert.equal(state.offset, 9)
  await appendFile(path, 'ee\nfour\n')
  await tailer.poll()
  assert.deepEqual(lines, ['one', 'two', 'three', 'four'])
})

test('begins at the end when told to, but reads a later file from its start', async (t) => {
  const { path, tailer, lines } = await follow(t, { text: 'old\n', fromEnd: true })
  await tailer.poll()
  await appendFile(path, 'new\n')
  await tailer.poll()
  await rename(path, `${path}.1`)
  await writeFile(path, 'newest\n')
  await tailer.poll()
  assert.deepEqual(lines, ['new', 'newest'])
})

test('a file that appears later is read from its start', async (t) => {
  const { path, tailer, lines } = await follow(t, { fromEnd: true })
  await tailer.poll()
  await writeFile(path, 'first\n')
  await tailer.poll()
  assert.deepEqual(lines, ['first'])
})

test('rotation reads the old file to its end, then the new one', async (t) => {
  const { path, tailer, lines, events } = await follow(t, { text: 'one\n' })
  await tailer.poll()
  await appendFile(path, 'two\nlast without break')
  await rename(path, `${path}.1`)
  await writeFile(path, 'three\n')
  await tailer.poll()
  assert.deepEqual(lines, ['one', 'two', 'last without break', 'three'])
  assert.deepEqual(events, ['opened', 'rotated', 'opened'])
})

test('a truncated file is read from its start', async (t) => {
  const { path, tailer, lines, events } = await follow(t, { text: 'one\ntwo\n' })
  await tailer.poll()
  await truncate(path, 0)
  await appendFile(path, 'x\n')
  await tailer.poll()
  assert.deepEqual(lines, ['one', 'two', 'x'])
  assert.deepEqual(events, ['opened', 'truncated'])
})

test('a file that is gone is no error, and its return is noticed', async (t) => {
  const { path, tailer, lines, events } = await follow(t, { text: 'one\n' })
  await tailer.poll()
  await rm(path)
  await tailer.poll()
  await tailer.poll()
  await writeFile(path, 'two\n')
  await tailer.poll()
  assert.deepEqual(lines, ['one', 'two'])
  assert.deepEqual(events, ['opened', 'gone', 'opened'])
})

test('goes on where it stopped, and does not move on before the lines are taken over', async (t) => {
  const { tailer, lines, state } = await follow(t, {
    text: 'one\ntwo\n',
    position: { path: '', labels: '', offset: 4, inode: 0 },
  })
  state.refuse = true
  await assert.rejects(tailer.poll(), /full/)
  assert.equal(state.offset, 4)
  state.refuse = false
  await tailer.poll()
  assert.deepEqual(lines, ['two'])
})

test('long lines, longer than a chunk, come whole; beyond a mebibyte they are cut', async (t) => {
  const long = 'x'.repeat(600_000)
  const { tailer, lines, events } = await follow(t, { text: `${long}\nshort\n${'y'.repeat(1_200_000)}\n` })
  await tailer.poll()
  assert.deepEqual(
    lines.map((line) => line.length),
    [600_000, 5, 1_048_576, 151_424],
  )
  assert.ok(events.includes('split'))
})
