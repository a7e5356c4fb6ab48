import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { instantQuery } from '../support/prometheus-client.ts'
import { Quartet } from '../support/quartet.ts'
import { AcknowledgedLoad } from './acknowledged-load.ts'

/** `.ci/run` asks for 200; a developer's run is shorter. */
const POINTS = Number(process.env['QUARTET_KILL_POINTS'] ?? 8)
const SEED = Number(process.env['QUARTET_SEED'] ?? Date.now() % 100_000)
const SYSTEMS = ['metrics', 'logs', 'traces']

let running: Quartet | undefined

after(async () => {
  await running?.stop()
})

test(`everything acknowledged survives SIGKILL at ${POINTS} random points under load`, async () => {
  console.log(`crash test: ${POINTS} points, seed ${SEED}`)
  let state = SEED
  const random = (): number => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648
  running = await Quartet.start({ systems: SYSTEMS })
  const { directory } = running
  let acknowledged = 0
  for (let point = 0; point < POINTS; point++) {
    const load = new AcknowledgedLoad(running.host, point)
    const writing = load.run()
    await new Promise((resolve) => setTimeout(resolve, 20 + random() * 400))
    await running.kill()
    await writing
    running = await Quartet.start({ systems: SYSTEMS, directory })
    await verify(running, load, point)
    acknowledged +=
      load.logLines.length +
      load.traceIds.length +
      [...load.samples.values()].reduce((sum, { value }) => sum + value, 0)
  }
  assert.equal(await running.stop({ keep: true }), 0)
  running = await Quartet.start({ systems: SYSTEMS, directory })
  console.log(`crash test: ${acknowledged} acknowledged writes, none lost`)
})

async function verify(quartet: Quartet, load: AcknowledgedLoad, point: number): Promise<void> {
  const context = `point ${point}, seed ${SEED}`
  for (const [writer, { value, timeMs }] of load.samples) {
    const query = `count_over_time(crash_total{writer="${writer}",round="${point}"}[10m])`
    const path = `/api/v1/query?${new URLSearchParams({ query, time: String((timeMs + 1000) / 1000) })}`
    const answer = await quartet.get<{ data: { result: { value: [number, string] }[] } }>(9090, path)
    const stored = Number(answer.data.result[0]?.value[1] ?? 0)
    // A sample may be stored whose acknowledgement was on its way when the process died.
    assert.ok(stored >= value && stored <= value + 1, `writer ${writer}: ${stored} of ${value} samples (${context})`)
  }
  const lines = await storedLines(quartet, point)
  for (const line of load.logLines) assert.ok(lines.has(line), `log line "${line}" is lost (${context})`)
  for (const traceId of load.traceIds) {
    const response = await fetch(quartet.url(3200, `/api/traces/${traceId}`))
    assert.equal(response.status, 200, `trace ${traceId} is lost: ${await response.text()} (${context})`)
  }
  assert.ok((await instantQuery(quartet, 'vector(1)')).length === 1)
}

async function storedLines(quartet: Quartet, point: number): Promise<ReadonlySet<string>> {
  const query = new URLSearchParams({ query: `{app="crash",round="${point}"}`, limit: '5000', since: '30m' })
  const path = `/loki/api/v1/query_range?${query}`
  const answer = await quartet.get<{ data: { result: { values: [string, string][] }[] } }>(3100, path)
  return new Set(answer.data.result.flatMap(({ values }) => values.map(([, line]) => line)))
}
