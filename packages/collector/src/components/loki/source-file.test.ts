import assert from 'node:assert/strict'
import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { buildComponent, testContext, until } from '../../../test/support/context.ts'
import { receiverExport } from './receiver.ts'
import { lokiSourceFile } from './source-file.ts'

for (const [policy, expected] of [
  ['restart_from_beginning', ['old', 'new']],
  ['restart_from_end', ['new']],
  ['skip', []],
] as const) {
  test(`positions that cannot be read: ${policy}`, async (t) => {
    const directory = await temporaryDirectory()
    t.after(() => directory.remove())
    const [path, other, data] = ['app.log', 'other.log', 'data'].map((name) => join(directory.path, name))
    await writeFile(path, 'old\n')
    await mkdir(data)
    await writeFile(join(data, 'positions.json'), '{ broken')
    const lines: string[] = []
    const place = receiverExport({
      async push(entries) {
        lines.push(...entries.map(({ line }) => line))
      },
    }).get('receiver')!
    const context = testContext({ dataDirectory: data })
    const text = (...paths: string[]): string =>
      `targets = [${paths.map((file) => `{ __path__ = "${file}" }`).join(', ')}]
       forward_to = [place]
       on_positions_file_error = "${policy}"
       file_watch { min_poll_frequency = "5ms" }`
    const component = buildComponent(lokiSourceFile, context, text(path, other), { place })
    await component.start()
    t.after(() => component.stop())
    if (policy === 'restart_from_beginning') await until('the old line', () => lines.length > 0)
    if (policy === 'restart_from_end') await until('the end', () => offsetOf(component.debugInfo!(), path) === 4n)
    await appendFile(path, 'new\n')
    if (policy !== 'skip') await until('the new line', () => lines.includes('new'))
    assert.deepEqual(lines, expected)
    assert.ok((await readdir(data)).includes('positions.json.corrupt'))
    assert.deepEqual(
      context.logged.map(({ level }) => level),
      ['error'],
    )
  })
}

function offsetOf(info: ReadonlyMap<string, unknown>, path: string): bigint | undefined {
  const files = info.get('files') as Map<string, unknown>[]
  return files.find((file) => file.get('path') === path)?.get('read_offset') as bigint | undefined
}
