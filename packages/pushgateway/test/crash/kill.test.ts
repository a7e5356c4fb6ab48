import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'

const SCRIPT = `
  const { startPushgateway } = await import(${JSON.stringify(new URL('../support.ts', import.meta.url).href)})
  const { url } = await startPushgateway({ 'persistence.file': process.argv[1] })
  console.log(url)
  setInterval(() => {}, 1e6)`

async function start(directory: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(child.stdout!, 'data')) as [Buffer]
  return { child, url: url.toString().trim() }
}

const push = async (url: string, job: number, value: number): Promise<void> => {
  const response = await fetch(`${url}/metrics/job/j${job}`, { method: 'PUT', body: `m ${value}\n` })
  assert.equal(response.status, 200)
}

test('kill -9 loses no push that was acknowledged', async () => {
  const directory = await temporaryDirectory()
  const path = join(directory.path, 'pushgateway')
  try {
    const expected = new Map<number, number>()
    for (let round = 0; round < 2; round++) {
      const { child, url } = await start(path)
      for (let index = 0; index < 30; index++) {
        const job = index % 7
        await push(url, job, round * 100 + index)
        expected.set(job, round * 100 + index)
      }
      await fetch(`${url}/metrics/job/j${round}`, { method: 'DELETE' })
      expected.delete(round)
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const { child, url } = await start(path)
    const text = await (await fetch(`${url}/metrics`)).text()
    const found = [...text.matchAll(/^m\{instance="",job="j(\d+)"\} (\d+)$/gm)].map(([, job, value]) => [
      Number(job),
      Number(value),
    ])
    assert.deepEqual(
      found,
      [...expected].sort(([a], [b]) => a - b),
    )
    child.kill('SIGKILL')
    await once(child, 'exit')
  } finally {
    await directory.remove()
  }
})
