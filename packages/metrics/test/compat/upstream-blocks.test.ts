import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { NO_BUCKETS, ProtoWriter, writeNativeHistogram } from '@quartet/model'
import { createMatcher } from '@quartet/query'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { snappyEncode } from '../../src/api/snappy-encoder.ts'
import { exportFrom, importInto } from '../../src/storage/upstream/data-directory.ts'
import { ImportConflictError } from '../../src/storage/upstream/import.ts'
import { Random } from './random.ts'
import { randomSeries, SPAN_MS, START_MS } from './random-series.ts'
import { hasUpstream, startQuartet, startUpstream, UPSTREAM_BINARY, writeSeries } from './servers.ts'
import type { Server } from './servers.ts'

/**
 * A data directory of a real Prometheus, with blocks, a WAL and deleted samples, taken over; then exported again for another one. All three
 * give the same answers, and promtool the same dump.
 */
const SEED = Number(process.env.QUARTET_SEED ?? 20261123)
const PROMTOOL = '/usr/bin/promtool'
const skip = hasUpstream && existsSync(PROMTOOL) ? false : `no ${UPSTREAM_BINARY} or ${PROMTOOL} here`
if (skip !== false) console.log(`test of upstream's blocks skipped: ${skip}`)

const HISTOGRAMS = '--enable-feature=native-histograms'
const HOUR_S = 3600
/** Blocks begin two days before the samples that stay in the WAL, off the grid. */
const FIRST_S = Math.floor(START_MS / 1000) - 48 * HOUR_S + 1234
const run = promisify(execFile)
const noDamage = (damage: unknown): never => assert.fail(`damage: ${JSON.stringify(damage)}`)

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let original: string
let ours: string
let exported: string
const servers: Server[] = []

before(async () => {
  if (skip !== false) return
  directory = await temporaryDirectory()
  original = join(directory.path, 'original')
  ours = join(directory.path, 'ours')
  exported = join(directory.path, 'exported')
  await writeFile(join(directory.path, 'data.om'), openMetrics(new Random(SEED)))
  await run(PROMTOOL, ['tsdb', 'create-blocks-from', 'openmetrics', '-q', join(directory.path, 'data.om'), original])
  const first = await startUpstream(['--web.enable-admin-api', HISTOGRAMS], original)
  await writeSeries([first], randomSeries(new Random(SEED)))
  await writeHistograms(first, new Random(SEED))
  await fetch(
    `${first.url}/api/v1/admin/tsdb/delete_series?match[]=visits_total{page="/2"}&end=${FIRST_S + 5 * HOUR_S}`,
    {
      method: 'POST',
    },
  )
  await fetch(`${first.url}/api/v1/admin/tsdb/delete_series?match[]=temperature&start=${START_MS / 1000 + 600}`, {
    method: 'POST',
  })
  await first.stop()
  // A Prometheus that is started removes what it has merged: the original stays as it was found.
  await cp(original, join(directory.path, 'reference'), { recursive: true })
  servers.push(await startUpstream([HISTOGRAMS], join(directory.path, 'reference')))
})

after(async () => {
  await Promise.all(servers.map((server) => server.stop()))
  await directory?.remove()
})

test('a data directory of Prometheus is taken over, exported, and answers the same', { skip }, async () => {
  const report = await importInto({ directory: ours, from: original, onDamage: noDamage })
  assert.ok(report.blocks >= 5, `${report.blocks} blocks`)
  const again = await importInto({ directory: ours, from: original, onDamage: noDamage })
  assert.deepEqual([again.blocks, again.skipped], [0, report.blocks])

  const { samples } = await exportFrom({
    directory: ours,
    to: exported,
    range: { minMs: -Infinity, maxMs: Infinity },
    matchers: [],
    signal: new AbortController().signal,
  })
  assert.equal(samples, report.samples)
  await mkdir(join(exported, 'wal'))
  servers.push(await startQuartet({}, ours), await startUpstream([HISTOGRAMS], exported))
  for (const query of QUERIES) {
    const [want, ...others] = await Promise.all(servers.map((server) => ask(server, query)))
    assert.ok(want.includes('"metric"'), `${query} selects nothing: ${want.slice(0, 200)}`)
    for (const [index, got] of others.entries()) {
      if (got !== want) assert.fail(`${servers[index + 1].name}: ${query}: ${firstDifference(want, got)}`)
    }
  }
})

test('promtool lists, analyses and dumps what is exported', { skip }, async () => {
  const part = join(directory.path, 'part')
  const range = { minMs: FIRST_S * 1000, maxMs: (FIRST_S + 3 * HOUR_S) * 1000 }
  const matchers = [createMatcher('__name__', '=', 'load')]
  const copy = join(directory.path, 'copy')
  await importInto({ directory: copy, from: original, onDamage: noDamage })
  await exportFrom({ directory: copy, to: part, range, matchers, signal: new AbortController().signal })
  await mkdir(join(part, 'wal'))
  const list = await run(PROMTOOL, ['tsdb', 'list', part])
  assert.equal(list.stdout.trim().split('\n').length - 1, (await readdir(part)).length - 1)
  assert.match((await run(PROMTOOL, ['tsdb', 'analyze', part])).stdout, /Series: 4/)
  const bounds = [`--min-time=${range.minMs}`, `--max-time=${range.maxMs}`]
  const dump = async (from: string): Promise<string[]> =>
    (await run(PROMTOOL, ['tsdb', 'dump', '--match={__name__="load"}', ...bounds, from], { maxBuffer: 1 << 28 })).stdout
      .split('\n')
      .sort()
  const want = await dump(original)
  assert.ok(want.length > 500)
  assert.deepEqual(await dump(part), want)
})

test('an import that overlaps with data that is there is refused, and changes nothing', { skip }, async () => {
  const target = join(directory.path, 'conflict')
  const [block] = (await readdir(original)).filter((name) => name.length === 26)
  const one = join(directory.path, 'one')
  await cp(join(original, block), join(one, block.replace(/.$/, block.endsWith('0') ? '1' : '0')), { recursive: true })
  const meta = join(one, (await readdir(one))[0], 'meta.json')
  await writeFile(meta, (await import('node:fs')).readFileSync(meta, 'utf8').replaceAll(block, (await readdir(one))[0]))
  await importInto({ directory: target, from: one, onDamage: noDamage })
  await assert.rejects(importInto({ directory: target, from: original, onDamage: noDamage }), ImportConflictError)
  assert.equal((await readdir(join(target, 'blocks'))).length, 1)
})

const END_S = Math.floor((START_MS + SPAN_MS) / 1000)
const QUERIES: readonly string[] = [
  `query_range?query=load&start=${FIRST_S}.25&end=${END_S}.25&step=300`,
  `query_range?query=sum by (page) (resets(visits_total[10m]) %2B changes(visits_total[10m]))&start=${FIRST_S}.25&end=${END_S}.25&step=300`,
  `query_range?query={job="api"}&start=${START_MS / 1000 - 60}.25&end=${END_S}.25&step=60`,
  `query_range?query=count({__name__!=""}) by (__name__)&start=${FIRST_S}.25&end=${END_S}.25&step=600`,
  `query_range?query=temperature&start=${START_MS / 1000}.25&end=${END_S}.25&step=30`,
  `query_range?query=sum by (le) (sum_over_time(latency_bucket[5m]))&start=${START_MS / 1000}.25&end=${END_S}.25&step=60`,
  `query_range?query=native_seconds&start=${START_MS / 1000}.25&end=${END_S}.25&step=60`,
  `query_range?query=histogram_count(native_seconds)&start=${START_MS / 1000}.25&end=${END_S}.25&step=60`,
  `query?query=load[3h]&time=${FIRST_S + 3 * HOUR_S}`,
]

/** The body without notes, which 2.42 does not have. Asked for is what both versions compute in the same way. */
async function ask(server: Server, query: string): Promise<string> {
  const [path, parameters] = query.split('?')
  const response = await fetch(`${server.url}/api/v1/${path}`, {
    method: 'POST',
    body: new URLSearchParams(parameters),
  })
  const body = await response.text()
  return body.replace(/,"(?:warnings|infos)":\[.*\]\}$/, '}')
}

function firstDifference(want: string, got: string): string {
  let at = 0
  while (at < want.length && want[at] === got[at]) at++
  return `${want.slice(Math.max(0, at - 60), at + 60)} but ${got.slice(Math.max(0, at - 60), at + 60)}`
}

/** Whole and fractional counts, with resets and new buckets. */
async function writeHistograms(server: Server, random: Random): Promise<void> {
  const writer = new ProtoWriter()
  for (const isFloat of [false, true]) {
    const series = writer.begin(1)
    for (const [name, value] of [
      ['__name__', 'native_seconds'],
      ['kind', isFloat ? 'float' : 'whole'],
    ] as const) {
      const label = writer.begin(1)
      writer.string(1, name).string(2, value)
      writer.finish(label)
    }
    let counts = new Map<number, number>()
    for (let timeMs = START_MS + 700; timeMs < START_MS + SPAN_MS; timeMs += 15_000) {
      if (random.chance(0.02)) counts = new Map()
      for (let index = -6; index < 9; index += random.integer(1, 4)) {
        counts.set(index, (counts.get(index) ?? 0) + random.integer(0, 5) * (isFloat ? 0.5 : 1))
      }
      const indices = [...counts.keys()].sort((a, b) => a - b)
      const positive = {
        indices: Int32Array.from(indices),
        counts: Float64Array.from(indices, (index) => counts.get(index)!),
      }
      const count = positive.counts.reduce((sum, one) => sum + one, 2)
      const message = writer.begin(4)
      writeNativeHistogram(writer, timeMs, {
        schema: 1,
        zeroThreshold: 2 ** -128,
        zeroCount: 2,
        count,
        sum: count * 1.25,
        positive,
        negative: NO_BUCKETS,
        customBounds: undefined,
        resetHint: 0,
        isFloat,
      })
      writer.finish(message)
    }
    writer.finish(series)
  }
  const response = await fetch(`${server.url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' },
    body: new Uint8Array(snappyEncode(writer.toBytes())),
  })
  assert.equal(response.status, 204, await response.text())
}

function openMetrics(random: Random): string {
  const lines = ['# TYPE visits counter']
  for (let page = 0; page < 8; page++) {
    let value = 0
    for (let second = 0; second < 9 * HOUR_S; second += 15) {
      if (random.chance(0.02)) continue
      value = random.chance(0.001) ? 0 : value + random.integer(0, 19)
      lines.push(`visits_total{page="/${page}",Zone="z${page % 3}"} ${value} ${FIRST_S + second}`)
    }
  }
  lines.push('# TYPE load gauge')
  for (let cpu = 0; cpu < 4; cpu++) {
    for (let second = 0; second < 9 * HOUR_S; second += 30) {
      const value = random.chance(0.01) ? 'NaN' : random.chance(0.01) ? '+Inf' : random.integer(0, 1e9) / 997
      lines.push(`load{cpu="${cpu}"} ${value} ${FIRST_S + second}.5`)
    }
  }
  return [...lines, '# EOF', ''].join('\n')
}
