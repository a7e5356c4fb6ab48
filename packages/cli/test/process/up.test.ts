import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, test } from 'node:test'
import { QuartetProcess } from './quartet-process.ts'

const started: QuartetProcess[] = []
afterEach(async () => {
  for (const process of started.splice(0)) {
    await process.end()
    await rm(process.data, { recursive: true, force: true })
  }
})

async function run(
  args: string[],
  options: { data?: string; env?: Record<string, string> } = {},
): Promise<QuartetProcess> {
  const process = await QuartetProcess.run(args, options)
  started.push(process)
  return process
}

test('starts everything, shows each URL and notice, and stops in order with exit code 0', async () => {
  const quartet = await run(['up', '--gamma.verbose'])
  await quartet.ready()
  assert.match(quartet.stdout, /gamma talks/)
  const threads = await Promise.all(
    ['alpha-service', 'beta-service', 'gamma-service', 'delta-service'].map((service) => quartet.ask(service)),
  )
  assert.ok(!threads.includes('0'), 'the main thread runs no system')
  assert.equal(threads[1], threads[3], 'beta and delta have no heap limit and share a thread')
  assert.equal(new Set(threads).size, 3)
  quartet.signal('SIGTERM')
  assert.equal(await quartet.exit(), 0, quartet.stderr)
  assert.deepEqual(await quartet.notes(), ['alpha stops', 'beta stops', 'gamma stops', 'delta stops'])
})

test('serve starts only what is named, with flags without a prefix', async () => {
  const quartet = await run(['serve', 'gamma', '--verbose'])
  await quartet.ready()
  assert.match(quartet.stdout, /gamma talks/)
  assert.doesNotMatch(quartet.stdout, /alpha-service/)
  quartet.signal('SIGINT')
  assert.equal(await quartet.exit(), 0)
})

for (const [how, reason] of [
  ['throw', /uncaught Error: this fixture throws/],
  ['exhaust', /it ran out of heap \(limit 64 MB\)/],
] as const) {
  test(`restarts a system that dies (${how}), says why, and the others go on serving`, async () => {
    const quartet = await run(['up', `--gamma.on-reload=${how}`, '--gamma.listen-address=127.0.0.1:0'])
    await quartet.ready()
    const [alpha, gamma] = [await quartet.ask('alpha-service'), await quartet.ask('gamma-service')]
    quartet.signal('SIGHUP')
    await quartet.printed(reason)
    assert.equal(await quartet.ask('alpha-service'), alpha)
    await quartet.printed('the system runs again')
    assert.equal(await quartet.ask('alpha-service'), alpha)
    assert.notEqual(gamma, '')
    quartet.signal('SIGTERM')
    assert.equal(await quartet.exit(), 0, quartet.stderr)
  })
}

test('a system that blocks its thread is ended by force, and the exit code says so', async () => {
  const quartet = await run(['up', '--alpha.on-reload=block'], { env: { QUARTET_STOP_TIMEOUT_MS: '300' } })
  await quartet.ready()
  quartet.signal('SIGHUP')
  await quartet.printed('configuration read again')
  assert.ok(await quartet.ask('gamma-service'))
  quartet.signal('SIGTERM')
  assert.equal(await quartet.exit(), 1)
  assert.match(quartet.stderr, /it did not stop within 0\.3 s/)
  assert.deepEqual((await quartet.notes()).slice(-3), ['beta stops', 'gamma stops', 'delta stops'])
})

test('light systems that share a thread are started again together', async () => {
  const quartet = await run(['up', '--beta.on-reload=throw'])
  await quartet.ready()
  const gamma = await quartet.ask('gamma-service')
  quartet.signal('SIGHUP')
  await quartet.printed(/"system":"beta"[^\n]*the system runs again/)
  await quartet.printed(/"system":"delta"[^\n]*the system runs again/)
  assert.equal(await quartet.ask('gamma-service'), gamma)
  quartet.signal('SIGTERM')
  assert.equal(await quartet.exit(), 0, quartet.stderr)
})

test('a second signal ends it at once', async () => {
  const quartet = await run(['up', '--alpha.on-stop=hang'])
  await quartet.ready()
  quartet.signal('SIGTERM')
  await quartet.printed('SIGTERM: stopping')
  // Signals that come within half a second count as one: npm and the terminal both pass Ctrl-C on.
  const again = setInterval(() => quartet.signal('SIGTERM'), 100)
  assert.equal(await quartet.exit(), 1)
  clearInterval(again)
})

test('prints every configuration problem of every system and exits 1', async () => {
  const quartet = await run(['up', '--alpha.config=bad', '--gamma.config=bad', '--beta.unknown=1'])
  assert.equal(await quartet.exit(), 1)
  assert.deepEqual(quartet.stderr.trim().split('\n').sort(), [
    'a.yml:1:2: error: first',
    'a.yml:1:2: error: first',
    'a.yml:3:4: error: second',
    'a.yml:3:4: error: second',
    'beta-service: unknown flag --unknown',
  ])
})

test('says which port is taken, by which flag it changes, and exits 1', async () => {
  const squatter = createServer()
  await once(squatter.listen(0, '127.0.0.1'), 'listening')
  const { port } = squatter.address() as AddressInfo
  const quartet = await run(['up', `--beta.listen-address=:${port}`])
  assert.equal(await quartet.exit(), 1)
  assert.match(
    quartet.stderr,
    new RegExp(
      `^beta.*: 127.0.0.1:${port} is already in use by another program; --beta-service\\.listen-address chooses`,
      'm',
    ),
  )
  squatter.close()
})

test('a reload that is refused keeps the system and tells the problems', async () => {
  const quartet = await run(['up', '--gamma.on-reload=refuse'])
  await quartet.ready()
  const thread = await quartet.ask('gamma-service')
  quartet.signal('SIGHUP')
  await quartet.printed('the old configuration stays')
  assert.match(quartet.stderr, /a\.yml:3:4: error: second/)
  assert.equal(await quartet.ask('gamma-service'), thread)
  assert.deepEqual((await quartet.notes()).sort(), ['alpha reloads', 'beta reloads', 'delta reloads', 'gamma reloads'])
})

test('refuses a second instance on the same data directory, but not after kill -9', async () => {
  const first = await run(['up'])
  await first.ready()
  const second = await run(['up'], { data: first.data })
  assert.equal(await second.exit(), 1)
  assert.match(second.stderr, new RegExp(`in use by another Quartet \\(process ${first.child.pid}\\)`))
  first.signal('SIGKILL')
  await first.exit()
  const third = await run(['up'], { data: first.data })
  await third.ready()
})

test('ends when the process that launched it is gone', async () => {
  const quartet = await run(['up'], { env: { QUARTET_LAUNCHER_PID: '1' } })
  await quartet.printed('the process that started Quartet is gone')
  assert.equal(await quartet.exit(), 0)
})

test('check prints every finding and exits 1 only on errors', async () => {
  const good = await run(['check', 'alpha', 'beta'])
  assert.equal(await good.exit(), 0)
  assert.equal(
    good.stdout,
    'alpha-service:\n  a.yml:5:6: warning: has no effect\nbeta-service:\n  a.yml:5:6: warning: has no effect\n0 errors, 2 warnings, 0 notes\n',
  )
  const bad = await run(['check', '--alpha.config=bad'])
  assert.equal(await bad.exit(), 1)
  assert.match(bad.stdout, /alpha-service:\n {2}a\.yml:1:2: error: first\n {2}a\.yml:3:4: error: second\n/)
  assert.match(bad.stdout, /2 errors, 3 warnings, 0 notes\n$/)
})

test('version and help', async () => {
  const version = await run(['version'])
  assert.equal(await version.exit(), 0)
  assert.match(version.stdout, /^quartet \d+\.\d+\.\d+ \(node v24/)
  const help = await run(['help'])
  assert.equal(await help.exit(), 0)
  assert.match(help.stdout, /--alpha-service\.listen-address=\$\{listen\}:0/)
})

test('usage errors exit 1', async () => {
  const quartet = await run(['frobnicate'])
  assert.equal(await quartet.exit(), 1)
  assert.match(quartet.stderr, /unknown command "frobnicate"/)
})
