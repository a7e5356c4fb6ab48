import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'
import { startLoki } from '../support/start.ts'

const ROUNDS = Number(process.env.QUARTET_CRASH_ROUNDS ?? 4)
const seed = Number(process.env.QUARTET_SEED ?? 20261123)

/** Runs the child until it has acknowledged `kills` lines of this round, then kills it. Returns the last acknowledged number. */
function runUntilKilled(directory: string, first: number, kills: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'push-child.ts'), directory, String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += String(chunk)
      if (output.split('\n').length > kills) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code !== null) return reject(new Error(`child ended with ${code}`))
      const complete = output.slice(0, output.lastIndexOf('\n')).split('\n')
      resolve(Number(complete.at(-1)))
    })
  })
}

it(`finds everything acknowledged after ${ROUNDS} kills (seed ${seed})`, { timeout: 120_000 }, async () => {
  const directory = await temporaryDirectory()
  let random = seed
  let next = 0
  for (let round = 0; round < ROUNDS; round++) {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0
    next = (await runUntilKilled(directory.path, next, 20 + (random % 150))) + 1
  }
  const { url, running } = await startLoki(directory.path)
  const parameters = new URLSearchParams({ query: '{app="crash"}', limit: '5000', since: '1h' })
  const response = await fetch(`${url}/loki/api/v1/query_range?${parameters}`)
  const { data } = (await response.json()) as { data: { result: { values: [string, string][] }[] } }
  const found = new Map<number, number>()
  for (const { values } of data.result) {
    for (const [, line] of values) {
      const number = Number(/^line ([0-9]+) /.exec(line)?.[1])
      found.set(number, (found.get(number) ?? 0) + 1)
      assert.equal(line, `line ${number} ${'x'.repeat(number % 500)}`)
    }
  }
  const missing = Array.from({ length: next }, (_, number) => number).filter((number) => !found.has(number))
  assert.deepEqual(missing, [])
  // One push may have been stored without its answer having been read, under the number that the next round used again.
  assert.ok([...found.values()].every((count) => count <= 2))
  await running.stop()
  await directory.remove()
})
