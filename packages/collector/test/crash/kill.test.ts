import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { until } from '../support/context.ts'
import { startFakeStore } from '../support/fake-store.ts'

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))
const KILLS = 4
const SEED = Number(process.env.QUARTET_SEED ?? Date.now() % 1_000_000)

test(`kill -9 under load loses nothing that was acknowledged, seed ${SEED}`, { timeout: 60_000 }, async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  // The store is away half of the time, so that kills also meet full queues and retries.
  let isAway = false
  const store = await startFakeStore((_, response) => response.writeHead(isAway ? 503 : 200).end())
  t.after(() => store.close())
  await writeFile(`${directory.path}/config.alloy`, CONFIG.replace('STORE', store.url))
  const acknowledged: string[] = []
  let next = 0
  for (let life = 0; life < KILLS; life++) {
    isAway = life % 2 === 0
    const child = spawn(process.execPath, [CHILD, directory.path], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const url = `${line.toString().trim()}/v1/logs`
    const killAfter = 30 + ((SEED * (life + 1) * 7919) % 170)
    const senders = Array.from({ length: 4 }, async () => {
      for (;;) {
        const name = `log-${next++};`
        try {
          const response = await fetch(url, {
            method: 'POST',
            body: request(name),
            headers: { 'content-type': 'application/json' },
          })
          if (response.status === 200) acknowledged.push(name)
          await response.arrayBuffer()
        } catch {
          return // killed: what was not acknowledged is the sender's to repeat
        }
        if (acknowledged.length % 1000 >= killAfter) child.kill('SIGKILL')
      }
    })
    await Promise.all([...senders, exited])
    assert.ok(acknowledged.length > 0)
    while (acknowledged.length % 1000 !== 0) acknowledged.push(acknowledged.at(-1)!) // the next life counts from zero again
  }
  isAway = false
  const last = spawn(process.execPath, [CHILD, directory.path], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => last.kill('SIGKILL'))
  const wanted = new Set(acknowledged)
  const arrived = (): Set<string> => {
    const bodies = store.received.map(({ body }) => body.toString('latin1')).join('')
    return new Set(bodies.match(/log-\d+;/g))
  }
  await until(
    'everything to arrive',
    () => {
      const found = arrived()
      return [...wanted].every((name) => found.has(name))
    },
    20_000,
  ).catch(() => {
    assert.deepEqual(
      [...wanted].filter((name) => !arrived().has(name)),
      [],
      `lost, seed ${SEED}`,
    )
  })
})

function request(name: string): string {
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: name } }] }] }] })
}

const CONFIG = `
otelcol.receiver.otlp "in" {
  http { endpoint = "127.0.0.1:0" }
  output { logs = [otelcol.processor.batch.b.input] }
}
otelcol.processor.batch "b" {
  timeout = "20ms"
  output { logs = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.exporter.otlphttp "out" {
  client {
    endpoint    = "STORE"
    compression = "none"
  }
  retry_on_failure {
    initial_interval = "50ms"
    max_interval     = "100ms"
    max_elapsed_time = "0s"
  }
}
`
