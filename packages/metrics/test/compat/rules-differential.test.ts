import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { startRules } from '../crash/rules-system.ts'
import { freePort, hasUpstream, untilReady, UPSTREAM_BINARY } from './servers.ts'

/** The same rules in Debian's Prometheus and here: the answers are the same, but for times. */
const DEADLINE_MS = 30_000
const CONFIG = 'global: {evaluation_interval: 1s, external_labels: {cluster: c}}\nrule_files: [r.yml]\n'
const RULES = `
groups:
- name: b
  limit: 2
  rules:
  - record: one
    expr: vector( 1 )
  - record: labelled
    expr: label_replace(vector(1234),"a","x<y>","","")
    labels: {team: ops}
  - record: broken
    expr: label_replace(vector(1), "a", "1", "", "") or label_replace(vector(1), "a", "2", "", "")
    labels: {a: same}
  - alert: Fires
    expr: 0.5 * one > 0
    labels: {severity: page, half: '{{ $value }}'}
    annotations:
      text: '{{ $value | humanizePercentage }} {{ $externalLabels.cluster }} {{ range query "labelled" }}{{ .Labels.team }}{{ end }}'
      wrong: '{{ $labels.x | humanize }}'
      empty: ''
  - alert: Pending
    expr: vector(-0.05)
    for: 1h
  - alert: Quiet
    expr: vector(1) < 0
  - alert: Many
    expr: label_replace(vector(1), "a", "1", "", "") or label_replace(vector(1), "a", "2", "", "") or vector(1)
- name: a
  interval: 90d
  rules:
  - {record: later, expr: '1'}
`

test('the same rules give the same answers', { skip: !hasUpstream }, async () => {
  const directory = await temporaryDirectory()
  await writeFile(join(directory.path, 'prometheus.yml'), CONFIG)
  await writeFile(join(directory.path, 'r.yml'), RULES)
  const upstream = `http://127.0.0.1:${await freePort()}`
  const flags = [
    `--config.file=${join(directory.path, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory.path, 'upstream')}`,
    `--web.listen-address=${upstream.slice('http://'.length)}`,
    '--log.level=error',
  ]
  const child = spawn(UPSTREAM_BINARY, flags, { stdio: ['ignore', 'ignore', 'ignore'] })
  const ended = once(child, 'exit')
  await untilReady(upstream, () => child.exitCode !== null)
  const running = await startRules(directory.path)
  try {
    const [{ url }] = running.endpoints
    const servers = [upstream, url]
    for (const server of servers) await untilEvaluated(server)
    for (const path of ['/api/v1/rules', '/api/v1/alerts']) {
      const [theirs, ours] = await Promise.all(servers.map((server) => timeless(server + path)))
      assert.equal(ours, theirs, path)
    }
    const series = '/api/v1/query?query=' + encodeURIComponent('sort({__name__=~"ALERTS|one|labelled|broken"})')
    const [theirs, ours] = await Promise.all(servers.map((server) => sortedSeries(server + series)))
    assert.deepEqual(ours, theirs)
  } finally {
    await running.stop()
    child.kill('SIGTERM')
    await ended
    await directory.remove()
  }
})

/** ALERTS is written from the third round on. */
async function untilEvaluated(server: string): Promise<void> {
  const deadline = systemClock.nowMs() + DEADLINE_MS
  for (;;) {
    const text = await (await fetch(`${server}/api/v1/query?query=${encodeURIComponent('count(ALERTS)')}`)).text()
    if (text.includes('"2"')) return
    assert.ok(systemClock.nowMs() < deadline, `${server}: ${text}`)
    await wait(100)
  }
}

/** Upstream's newer releases call the state of a rule that has not been evaluated unknown. */
async function timeless(url: string): Promise<string> {
  const text = await (await fetch(url)).text()
  return text
    .replaceAll(/"evaluationTime":[0-9.e-]+/g, '"evaluationTime":0')
    .replaceAll(/"(lastEvaluation|activeAt)":"2[^"]+"/g, '"$1":"T"')
    .replaceAll('"state":"unknown"', '"state":"inactive"')
}

async function sortedSeries(url: string): Promise<string[]> {
  const { data } = (await (await fetch(url)).json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] }
  }
  return data.result.map(({ metric, value }) => JSON.stringify([Object.entries(metric).sort(), value[1]])).sort()
}
