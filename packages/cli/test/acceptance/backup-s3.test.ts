import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { contentsOf, makeData } from '../support/data-directory.ts'
import { startS3 } from '../support/s3-server.ts'

const CLI = fileURLToPath(new URL('../../src/main.mjs', import.meta.url))
const root = await mkdtemp(join(tmpdir(), 'quartet-backup-s3-'))
const s3 = await startS3('backups')
after(async () => {
  await s3.close()
  await rm(root, { recursive: true })
})

const data = join(root, 'data')
await makeData(data)

/** Runs `quartet …` as a process of its own. */
function start(...args: string[]) {
  const environment = { ...process.env, ...s3.environment, AWS_ENDPOINT_URL: s3.endpoint, AWS_REGION: 'eu-central-1' }
  const child = spawn(process.execPath, [CLI, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk))
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }))
  })
  return { child, ended }
}

/** Keys of the objects that were sent. */
function sentObjects(): string[] {
  return s3.requests.flatMap((request) => /^PUT \/backups\/site\/objects\/\w\w\/(\w+)/.exec(request)?.[1] ?? [])
}

test('a backup to S3 that is killed is no backup, and the next sends only what is missing', async () => {
  const first = start('backup', 's3://backups/site', '--data', data)
  s3.fault = () => {
    if (sentObjects().length >= 8) first.child.kill('SIGKILL')
    return undefined
  }
  assert.equal((await first.ended).code, null)
  s3.fault = () => undefined
  const interrupted = new Set(sentObjects())
  const list = await start('backup', 'list', 's3://backups/site').ended
  assert.match(list.output, /holds no finished backup/)

  s3.requests.length = 0
  const second = await start('backup', 's3://backups/site', '--data', data).ended
  assert.equal(second.code, 0, second.output)
  assert.ok(!second.output.includes(s3.environment['AWS_SECRET_ACCESS_KEY']!))
  const repeated = sentObjects().filter((sha256) => interrupted.has(sha256))
  // What was on its way when the process died may have to be sent once more: four files go at once.
  assert.ok(repeated.length <= 4, `${repeated.length} of ${interrupted.size} were sent again`)

  s3.requests.length = 0
  const third = await start('backup', 's3://backups/site', '--data', data, '--keep', '1').ended
  assert.deepEqual(sentObjects(), [])
  // The dead backup's note still counts: nothing is removed that it might rely on.
  assert.match(third.output, /no old backups were removed: .*another backup is running/)
})

test('a store that fails now and then loses nothing', async () => {
  let count = 0
  s3.fault = (method) => {
    count++
    if (count % 7 === 0) return 'error500'
    if (count % 11 === 0 && method === 'PUT') return 'tornRequest'
    return count % 13 === 0 && method === 'GET' ? 'tornResponse' : undefined
  }
  const place = 's3://backups/flaky'
  const made = await start('backup', place, '--data', data).ended
  assert.equal(made.code, 0, made.output)
  const verified = await start('verify', place).ended
  assert.match(verified.output, /nothing is wrong: .* 6 blocks/)
  const fresh = join(root, 'fresh')
  const restored = await start('restore', place, '--data', fresh).ended
  assert.equal(restored.code, 0, restored.output)
  assert.deepEqual(await contentsOf(fresh), await contentsOf(data))
  s3.fault = () => undefined
})

test('an interrupt while the store is away ends it at once', async () => {
  const waiting = start('verify', 's3://backups/site')
  s3.fault = () => {
    waiting.child.kill('SIGINT')
    return 'error500'
  }
  const { code, output } = await waiting.ended
  s3.fault = () => undefined
  assert.equal(code, 1)
  assert.equal(output, 'verify was interrupted; the same command goes on\n')
})
