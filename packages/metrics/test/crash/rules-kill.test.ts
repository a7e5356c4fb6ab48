import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { startRules } from './rules-system.ts'

const DEADLINE_MS = 30_000
const RULES = `
groups:
- name: g
  rules:
  - {alert: Slow, expr: vector(1), for: 1h, labels: {severity: page}}
  - {record: one, expr: vector(1)}
`

test('an alert that was pending goes on being pending after kill -9', async () => {
  const directory = await temporaryDirectory()
  const inDirectory = (name: string): string => join(directory.path, name)
  try {
    await writeFile(inDirectory('prometheus.yml'), 'global: {evaluation_interval: 1s}\nrule_files: [r*.yml]\n')
    const sinceMs = await pretendPending(directory.path)
    await writeFile(inDirectory('r.yml'), RULES)
    const child = spawn(process.execPath, [join(import.meta.dirname, 'rules-child.ts'), directory.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    // The state is read after the second round; until then the alert is a new one.
    const before = await until(() => activeAt(url, sinceMs + HALF_PENDING_MS))
    await until(() => forState(url, Math.floor(before / 1000)))
    child.kill('SIGKILL')
    await exited
    const running = await startRules(directory.path)
    try {
      const again = running.endpoints[0].url
      const after = await until(() => activeAt(again, sinceMs + HALF_PENDING_MS))
      // Moved on by the time without evaluations and no more.
      assert.ok(after >= before - 1000, `${after} is before ${before}`)
      assert.ok(after <= before + DEADLINE_MS, `${after} is long after ${before}`)
      await until(() => forState(again, Math.floor(after / 1000)))
    } finally {
      await running.stop()
    }
  } finally {
    await directory.remove()
  }
})

const PENDING_MS = 30 * 60_000
const HALF_PENDING_MS = PENDING_MS / 2

/** Leaves behind what an evaluation of the rule would have: the alert has been pending for half an hour. */
async function pretendPending(directory: string): Promise<number> {
  const running = await startRules(directory)
  const nowMs = systemClock.nowMs()
  const sinceMs = nowMs - PENDING_MS
  const attributes = [
    { key: 'alertname', value: { stringValue: 'Slow' } },
    { key: 'severity', value: { stringValue: 'page' } },
  ]
  const point = { asDouble: Math.floor(sinceMs / 1000), timeUnixNano: `${nowMs}000000`, attributes }
  const metrics = [{ name: 'ALERTS_FOR_STATE', gauge: { dataPoints: [point] } }]
  const response = await fetch(`${running.endpoints[0].url}/api/v1/otlp/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
  })
  assert.equal(response.status, 200)
  await running.stop()
  return sinceMs
}

async function until<T>(read: () => Promise<T | undefined>): Promise<T> {
  const deadline = systemClock.nowMs() + DEADLINE_MS
  for (;;) {
    const value = await read()
    if (value !== undefined) return value
    assert.ok(systemClock.nowMs() < deadline, 'did not happen in time')
    await wait(50)
  }
}

/** Whether ALERTS_FOR_STATE has the value; undefined until it has. */
async function forState(url: string, wanted: number): Promise<number | undefined> {
  const answer = (await (await fetch(`${url}/api/v1/query?query=ALERTS_FOR_STATE`)).json()) as {
    data: { result: { value: [number, string] }[] }
  }
  const [value] = answer.data.result.map(({ value: [, text] }) => Number(text))
  return value === wanted ? value : undefined
}

/** Since when the alert is active; undefined as long as that is not before `limitMs`. */
async function activeAt(url: string, limitMs: number): Promise<number | undefined> {
  const answer = (await (await fetch(`${url}/api/v1/alerts`)).json()) as {
    data: { alerts: { activeAt: string; state: string }[] }
  }
  const [alert] = answer.data.alerts
  if (alert === undefined) return undefined
  assert.equal(alert.state, 'pending')
  const timeMs = Date.parse(alert.activeAt)
  return timeMs < limitMs ? timeMs : undefined
}
