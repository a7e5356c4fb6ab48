import { recordingLogger } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scrape, startHost, valuesOf } from '../test/support.ts'
import { system } from './index.ts'

test('serves node metrics and container metrics on two ports', async () => {
  const host = await startHost()
  try {
    const node = valuesOf(await scrape(host.node))
    assert.ok(node.get('node_memory_MemTotal_bytes')! > 1e6)
    assert.equal(node.get('node_scrape_collector_success{collector="stat"}'), 1)
    assert.ok([...node.keys()].some((key) => key.startsWith('node_exporter_build_info{')))
    assert.ok(node.has('process_resident_memory_bytes'))
    const containers = valuesOf(await scrape(host.containers))
    assert.ok([...containers.keys()].some((key) => key.startsWith('machine_memory_bytes{')))
    assert.ok(containers.has('container_scrape_error'))
    for (const url of [host.node, host.containers]) {
      assert.match(await (await fetch(url)).text(), /<a href="\/metrics">/)
      assert.equal(await (await fetch(`${url}/-/healthy`)).text(), 'OK')
    }
  } finally {
    await host.stop()
  }
})

test('runs the collectors that the flags or the request name', async () => {
  const host = await startHost({ 'no-collector.cpu': true, 'web.disable-exporter-metrics': true })
  try {
    const names = async (query: string): Promise<string[]> => {
      const text = await (await fetch(`${host.node}/metrics${query}`)).text()
      return [...text.matchAll(/^node_scrape_collector_success\{collector="(.*)"\}/gm)].map(([, name]) => name!)
    }
    assert.ok(!(await names('')).includes('cpu'))
    assert.ok((await names('')).includes('stat'))
    assert.deepEqual(await names('?collect[]=stat&collect[]=loadavg'), ['loadavg', 'stat'])
    assert.ok(!(await names('?exclude[]=stat')).includes('stat'))
  } finally {
    await host.stop()
  }
})

test('a machine without anything to read costs a metric and a log line per collector, not the scrape', async () => {
  const { logger, records } = recordingLogger()
  const nowhere = { 'path.procfs': '/nonexistent', 'path.sysfs': '/nonexistent', 'path.rootfs': '/nonexistent' }
  const host = await startHost(nowhere, logger)
  try {
    const values = valuesOf(await scrape(host.node))
    assert.equal(values.get('node_scrape_collector_success{collector="meminfo"}'), 0)
    assert.ok(values.has('node_time_seconds'))
    const count = records.length
    const lines = records.filter(({ fields }) => fields['collector'] === 'meminfo')
    assert.deepEqual(
      lines.map(({ fields }) => fields['problem']),
      ['cannot read /nonexistent/meminfo: ENOENT'],
    )
    await scrape(host.node)
    assert.equal(records.length, count)
  } finally {
    await host.stop()
  }
})

test('finds flags that cannot be used', async () => {
  const flags = { port: 'x', enable_metrics: 'cpu,teleport', 'collector.vmstat.fields': '(' }
  const findings = await system.check({ flags, stackDirectory: '/', dataDirectory: '/' })
  assert.equal(findings.length, 3)
  assert.ok(findings.some(({ message }) => /teleport: there are cpu/.test(message)))
})
