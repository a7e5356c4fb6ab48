import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { AcknowledgedLoad, writeRequest } from '../crash/acknowledged-load.ts'
import { JSON_HEADERS, traceRequest } from '../support/otlp.ts'
import { eventually, Quartet } from '../support/quartet.ts'

/** How often backup and restore are killed. */
const POINTS = Number(process.env['QUARTET_BACKUP_KILLS'] ?? 4)
const SEED = Number(process.env['QUARTET_SEED'] ?? Date.now() % 100_000)
const CLI = fileURLToPath(new URL('../../packages/cli/src/main.mjs', import.meta.url))
const AUTHORIZATION = `Basic ${Buffer.from('admin:end-to-end-password').toString('base64')}`

const root = mkdtempSync(join(tmpdir(), 'quartet-backup-'))
const running: Quartet[] = []

after(async () => {
  for (const quartet of running) await quartet.stop()
  rmSync(root, { recursive: true, force: true })
})

let state = SEED
const random = (): number => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648

test(`a backup under load, killed ${POINTS} times, restores what was acknowledged`, { timeout: 600_000 }, async () => {
  console.log(`backup test: ${POINTS} points, seed ${SEED}`)
  const source = await Quartet.start({ directory: join(root, 'source') })
  running.push(source)
  const questions = await writeBaseline(source)
  addBulk(join(root, 'source', 'data', 'bulk'))
  const load = new AcknowledgedLoad(source.host, 0)
  const writing = load.run()
  const target = join(root, 'target')
  const backup = ['backup', target, '--data', join(root, 'source', 'data')]

  for (let point = 0; point < POINTS; point++) {
    const { isKilled } = await quartetCommand(backup, 200 + random() * 1500)
    // Killed or not: what is there never looks like more than it is.
    const verified = await quartetCommand(['verify', target])
    if (isKilled && /holds no backups|is not a directory|does not answer/.test(verified.output)) continue
    assert.match(verified.output, /nothing is wrong/)
  }
  const objectsBefore = countFiles(join(target, 'objects'))

  const acknowledged = { lines: [...load.logLines], traces: [...load.traceIds], samples: new Map(load.samples) }
  const made = await quartetCommand(backup)
  assert.equal(made.code, 0, made.output)
  assert.match(made.output, /^prometheus: /m)
  assert.match(made.output, /^backup \S+ is whole in /m)
  const again = await quartetCommand(backup)
  assert.match(again.output, /^bulk \(not running\): .*; new 0 B in 0$/m)
  assert.ok(countFiles(join(target, 'objects')) > objectsBefore)
  assert.deepEqual(readdirSync(join(source.directory, 'data', 'prometheus', 'blocks')), [], 'no block was cut for it')
  await eventually('snapshots go with the connection of the command', async () =>
    assert.deepEqual(readdirSync(join(source.directory, 'data', 'loki', 'snapshots')), []),
  )
  const live = await quartetCommand(['verify', join(root, 'source', 'data')])
  assert.equal(live.code, 0, live.output)

  const before = await answersTo(source, questions)
  await source.kill()
  await writing

  const id = /backup (\S+) is whole/.exec(made.output)![1]!
  const restoredData = join(root, 'restored', 'data')
  const restore = ['restore', target, '--data', restoredData, '--id', id]
  for (let point = 0; point < POINTS; point++) {
    const { isKilled } = await quartetCommand(restore, 200 + random() * 1200)
    if (!isKilled) break
  }
  const restored = await quartetCommand(restore)
  assert.match(restored.output, /is restored to|is not empty/)
  assert.match((await quartetCommand(['verify', restoredData])).output, /nothing is wrong/)

  const copy = await Quartet.start({ directory: join(root, 'restored') })
  running.push(copy)
  assert.deepEqual(await answersTo(copy, questions), before)
  await assertHolds(copy, acknowledged)
})

interface Question {
  readonly port: number
  readonly path: string
  readonly select?: (answer: never) => unknown
}

/** Fixed data in every system, and questions about it whose answers must not change. */
async function writeBaseline(quartet: Quartet): Promise<Question[]> {
  const endMs = Date.now()
  const startMs = endMs - 60_000
  for (let step = 0; step < 60; step++) {
    const body = writeRequest({ writer: 'baseline' }, startMs + step * 1000, Math.sin(step) * 100)
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }
    await post(quartet.url(9090, '/api/v1/write'), body, headers)
  }
  const values = Array.from({ length: 500 }, (_, index) => [
    String(BigInt(startMs + index * 100) * 1_000_000n),
    `baseline line ${index} ${randomBytes(20).toString('hex')}`,
  ])
  const stream = { app: 'baseline', level: 'info' }
  await post(quartet.url(3100, '/loki/api/v1/push'), JSON.stringify({ streams: [{ stream, values }] }), JSON_HEADERS)
  const traces = Array.from({ length: 20 }, () => traceRequest({ service: 'baseline', name: 'GET /baseline' }))
  for (const { body } of traces) await post(quartet.url(4320, '/v1/traces'), body, JSON_HEADERS)
  // One half lies in a block, the other in the WAL.
  assert.equal((await fetch(quartet.url(3200, '/flush'), { method: 'POST' })).status, 204)
  const late = traceRequest({ service: 'baseline', name: 'GET /late' })
  await post(quartet.url(4320, '/v1/traces'), late.body, JSON_HEADERS)
  const viaCollector = traceRequest({ service: 'through-the-collector' })
  await post(quartet.url(4318, '/v1/traces'), viaCollector.body, JSON_HEADERS)
  await eventually('the trace through the collector', () => quartet.get(3200, `/api/traces/${viaCollector.traceId}`))
  const dashboard = { uid: 'baseline', title: 'Baseline', panels: [{ id: 1, type: 'timeseries', title: 'One' }] }
  const headers = { ...JSON_HEADERS, authorization: AUTHORIZATION }
  await post(quartet.url(3000, '/api/dashboards/db'), JSON.stringify({ dashboard, message: 'first' }), headers)
  const inOneHour = new Date(endMs + 3_600_000).toISOString()
  const silence = {
    matchers: [{ name: 'app', value: 'baseline', isRegex: false, isEqual: true }],
    startsAt: new Date(endMs).toISOString(),
    endsAt: inOneHour,
    createdBy: 'test',
    comment: 'baseline',
  }
  await post(quartet.url(9093, '/api/v2/silences'), JSON.stringify(silence), JSON_HEADERS)
  await post(quartet.url(9091, '/metrics/job/baseline'), 'pushed_total 7\n', {})

  const range = { start: String(startMs / 1000), end: String(endMs / 1000) }
  const nanos = { start: `${startMs}000000`, end: `${endMs}000000` }
  const metrics = (query: string): Question => ({
    port: 9090,
    path: `/api/v1/query_range?${new URLSearchParams({ query, ...range, step: '1' })}`,
  })
  const logs = (query: string): Question => ({
    port: 3100,
    path: `/loki/api/v1/query_range?${new URLSearchParams({ query, ...nanos, limit: '1000' })}`,
    select: ({ data }: { data: { result: unknown } }) => data.result,
  })
  const search = { q: '{ resource.service.name = "baseline" }', limit: '100', start: range.start.slice(0, 10) }
  return [
    metrics('crash_total{writer="baseline"}'),
    metrics('rate(crash_total{writer="baseline"}[10s])'),
    metrics('sum by (writer) (avg_over_time(crash_total{writer="baseline"}[30s]))'),
    { port: 9090, path: `/api/v1/series?match[]=crash_total{writer="baseline"}&start=${range.start}&end=${range.end}` },
    logs('{app="baseline"}'),
    logs('{app="baseline"} |= "line 4"'),
    logs('sum(count_over_time({app="baseline"}[10s]))'),
    ...[...traces.slice(0, 3), late].map(({ traceId }) => ({ port: 3200, path: `/api/traces/${traceId}` })),
    {
      port: 3200,
      path: `/api/search?${new URLSearchParams({ ...search, end: String(Math.ceil(endMs / 1000) + 60) })}`,
      select: ({ traces: found }: { traces: { traceID: string }[] }) =>
        found.toSorted((a, b) => (a.traceID < b.traceID ? -1 : 1)),
    },
    { port: 3000, path: '/api/dashboards/uid/baseline' },
    { port: 3000, path: '/api/dashboards/uid/baseline/versions' },
    { port: 3000, path: '/api/search?query=' },
    { port: 3000, path: '/api/users/lookup?loginOrEmail=admin' },
    { port: 3000, path: '/api/org' },
    { port: 9093, path: '/api/v2/silences' },
    {
      port: 9091,
      path: '/api/v1/metrics',
      select: ({ data }: { data: { pushed_total: { metrics: unknown } }[] }) =>
        data.map(({ pushed_total: pushed }) => pushed.metrics),
    },
  ]
}

/** The answers' bytes; of those that also tell how they were found, what was found. */
async function answersTo(quartet: Quartet, questions: readonly Question[]): Promise<string[]> {
  const answers: string[] = []
  for (const { port, path, select } of questions) {
    const response = await fetch(quartet.url(port, path), {
      headers: port === 3000 ? { authorization: AUTHORIZATION } : {},
    })
    const text = await response.text()
    assert.equal(response.status, 200, `${path}: ${text}`)
    const shown = select ? JSON.stringify(select(JSON.parse(text) as never)) : text
    // The two run on different loopback addresses.
    answers.push(`${port} ${path}\n${shown.replaceAll(quartet.host, 'HOST')}`)
  }
  return answers
}

interface Acknowledged {
  readonly lines: readonly string[]
  readonly traces: readonly string[]
  readonly samples: ReadonlyMap<string, { value: number; timeMs: number }>
}

async function assertHolds(quartet: Quartet, acknowledged: Acknowledged): Promise<void> {
  assert.ok(acknowledged.lines.length > 0 && acknowledged.traces.length > 0 && acknowledged.samples.size === 2)
  for (const [writer, { value, timeMs }] of acknowledged.samples) {
    const query = `count_over_time(crash_total{writer="${writer}",round="0"}[30m])`
    const path = `/api/v1/query?${new URLSearchParams({ query, time: String((timeMs + 1000) / 1000) })}`
    const answer = await quartet.get<{ data: { result: { value: [number, string] }[] } }>(9090, path)
    const stored = Number(answer.data.result[0]?.value[1] ?? 0)
    assert.ok(stored >= value, `writer ${writer}: ${stored} of ${value} samples (seed ${SEED})`)
  }
  for (const line of sampled(acknowledged.lines)) {
    const query = `{app="crash",round="0"} |~ "^${line}$"`
    const path = `/loki/api/v1/query_range?${new URLSearchParams({ query, since: '1h', limit: '100' })}`
    const { data } = await quartet.get<{ data: { result: { values: [string, string][] }[] } }>(3100, path)
    const found = data.result.flatMap(({ values }) => values.map(([, text]) => text))
    assert.ok(found.includes(line), `log line "${line}" is lost (seed ${SEED})`)
  }
  for (const traceId of sampled(acknowledged.traces)) {
    const response = await fetch(quartet.url(3200, `/api/traces/${traceId}`))
    assert.equal(response.status, 200, `trace ${traceId} is lost (seed ${SEED})`)
    await response.text()
  }
}

/** The last two hundred, where a snapshot could miss some, and as many of the others. */
function sampled<T>(all: readonly T[]): T[] {
  const early = all.slice(0, -200)
  const every = Math.max(1, Math.ceil(early.length / 200))
  return [...early.filter((_, index) => index % every === 0), ...all.slice(-200)]
}

/** So that a kill finds the copying at work. */
function addBulk(directory: string): void {
  mkdirSync(directory)
  for (let file = 0; file < 60; file++) writeFileSync(join(directory, `${file}.bin`), randomBytes(400_000))
}

function countFiles(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
}

async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<void> {
  const response = await fetch(url, { method: 'POST', body, headers })
  const text = await response.text()
  assert.ok(response.ok, `${url} answered ${response.status}: ${text}`)
}

/** Runs `quartet …` as a process of its own; with `killAfterMs`, SIGKILL then if it still runs. */
function quartetCommand(
  args: readonly string[],
  killAfterMs?: number,
): Promise<{ code: number | null; isKilled: boolean; output: string }> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk))
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, isKilled: signal === 'SIGKILL', output })
    })
  })
}
