import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { silentLogger, systemClock } from '@quartet/runtime'
import type { RunningSystem } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { system } from '../../index.ts'

/** Pages of what a whole system does: scraping, rules, storage. */

const NASTY = '"><script>alert(1)</script>'
const RULES = `
groups:
- name: g&amp
  interval: 1s
  rules:
  - {record: 'one:two', expr: vector(12)}
  - alert: Works
    expr: vector(7) > 1
    labels: {severity: '${NASTY}'}
    annotations: {summary: 'has {{ $value }}', runbook: 'https://runbooks.example/works', bad: 'javascript:alert(1) ${NASTY}'}
  - {alert: Rests, expr: vector(7) > 8, for: 5m}
  - {record: broken, expr: 'label_replace(vector(1), "a", "b", "c", "(")'}
`

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let running: RunningSystem
let url = ''

before(async () => {
  directory = await temporaryDirectory()
  const file = join(directory.path, 'prometheus.yml')
  await mkdir(join(directory.path, 'rules'))
  await writeFile(join(directory.path, 'rules/r.yml'), RULES)
  await writeFile(
    file,
    `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ['rules/*.yml']
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:1']}]}]}
scrape_configs:
- job_name: closed
  basic_auth: {username: u, password: hunter2}
  static_configs: [{targets: ['127.0.0.1:1', 'gone:1'], labels: {zone: '${NASTY}'}}]
  relabel_configs: [{source_labels: [__address__], regex: 'gone.*', action: drop}]
`,
  )
  running = await system.start({
    flags: {
      'config.file': file,
      'web.listen-address': ['127.0.0.1:0'],
      'storage.tsdb.path': join(directory.path, 'prometheus'),
      'web.page-title': 'Ours & <theirs>',
    },
    dataDirectory: directory.path,
    stackDirectory: directory.path,
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: silentLogger,
  })
  url = running.endpoints[0].url
})

after(async () => {
  await running.stop()
  await directory.remove()
})

async function page(path: string): Promise<string> {
  const response = await fetch(url + path)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
  assert.ok(!text.includes('<script>alert'), 'nothing of others runs')
  assert.match(text, /<title>Ours &amp; &lt;theirs&gt;<\/title>/)
  const name = path.replace(/\?.*/, '').slice(1)
  assert.match(text, new RegExp(`<a href="${name}" aria-current="page">`))
  return text
}

/** Asks until the page says it: scrapes and rules have their own pace. */
async function eventually(path: string, pattern: RegExp): Promise<string> {
  const deadlineMs = systemClock.monotonicMs() + 10_000
  for (;;) {
    const text = await page(path)
    if (pattern.test(text) || systemClock.monotonicMs() > deadlineMs) {
      assert.match(text, pattern)
      return text
    }
    await systemClock.sleep(50)
  }
}

test('targets are shown by job, with state, labels and error', async () => {
  const text = await eventually('/targets', /connection refused/)
  assert.match(text, /<h3>closed<\/h3>/)
  assert.match(text, /0 of 1 up/)
  assert.match(text, /<span class="badge bad">down<\/span>/)
  assert.ok(text.includes('&lt;script&gt;alert(1)'), 'the label is there as text')
  assert.match(await page('/targets?health=up'), /0 targets in 0 jobs/)
  assert.match(await page('/targets?search=127.0.0.1:1'), /1 target in 1 job/)
})

test('service discovery counts what was found and what was dropped', async () => {
  const text = await page('/service-discovery')
  assert.match(text, /<b>1<\/b> active of 2 targets found/)
  assert.match(text, /Dropped \(1\)/)
})

test('rules are shown with their state, error and a link to their expression', async () => {
  const text = await eventually('/rules', /<span class="badge bad">firing<\/span>/)
  assert.match(text, /4 rules in 1 group/)
  assert.match(text, /<h3>g&amp;amp<\/h3>/)
  assert.match(text, /<a href="query\?g0.expr=vector%2812%29&amp;g0.tab=1"/)
  assert.match(
    await eventually('/rules', /<span class="badge bad">error<\/span>/),
    /invalid regular expression in label_replace/,
  )
  assert.match(await eventually('/query?g0.expr=one:two', />12<\/td>/), /<b>one:two<\/b>/)
})

test('alerts are shown with value and annotations, those that fire first', async () => {
  const text = await eventually('/alerts', /firing \(1\)/)
  assert.match(text, /has 7/)
  assert.match(text, /<td class="value">7<\/td>/)
  assert.match(text, /<a href="https:\/\/runbooks.example\/works" rel="noreferrer">/)
  assert.ok(!text.includes('href="javascript:'))
  assert.ok(text.indexOf('<h3>Works') < text.indexOf('<h3>Rests'))
  const inactive = await page('/alerts?state=inactive')
  assert.ok(inactive.includes('<h3>Rests') && !inactive.includes('<h3>Works'))
})

test('configuration, flags and state of the server', async () => {
  const config = await page('/config')
  assert.match(config, /job_name: closed/)
  assert.ok(!config.includes('hunter2'))
  assert.match(await page('/flags'), /--storage.tsdb.path/)
  assert.ok(!(await page('/flags?search=page-title')).includes('--storage.tsdb.path'))
  const status = await page('/status')
  assert.match(status, /Prometheus 3\.8\.1/)
  assert.match(status, /http:\/\/127.0.0.1:1\/api\/v2\/alerts/)
  assert.match(await eventually('/tsdb-status', /<code>ALERTS<\/code>/), /everything is in the head/)
})
