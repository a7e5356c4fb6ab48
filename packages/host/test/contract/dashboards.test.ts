import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scrape, startHost, writeTree } from '../support.ts'

const DASHBOARDS = join(import.meta.dirname, '../../../../stack/grafana/provisioning/dashboards')
const METRIC = /\b(?:node|container|machine)_[a-zA-Z0-9_]+\b/g

/** Names of metrics in the queries of a shipped dashboard, those of its variables included. */
function metricsOf(file: string): string[] {
  const { panels, templating } = JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')) as {
    panels: { targets?: { expr: string }[] }[]
    templating: { list: { definition: string }[] }
  }
  const queries = [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...templating.list.map(({ definition }) => definition),
  ]
  return [...new Set(queries.flatMap((query) => query.match(METRIC) ?? []))].sort()
}

const hasPressure = existsSync('/proc/pressure/cpu')

test('every metric of the dashboard "Host" is told', { skip: process.platform !== 'linux' }, async () => {
  const host = await startHost()
  try {
    const told = await scrape(host.node)
    const wanted = metricsOf('host.json').filter((name) => hasPressure || !name.startsWith('node_pressure'))
    assert.ok(wanted.length > 40)
    assert.deepEqual(
      wanted.filter((name) => !told.has(name)),
      [],
    )
  } finally {
    await host.stop()
  }
})

const SCOPE = `sys/fs/cgroup/system.slice/docker-${'c0ffee'.repeat(10)}abcd.scope`

test('every metric of the dashboard "Containers" is told', async () => {
  const directory = await temporaryDirectory()
  writeTree(directory.path, {
    'proc/meminfo': 'MemTotal: 1000 kB\nMemFree: 400 kB\n',
    'proc/cpuinfo': 'processor : 0\n',
    'proc/diskstats': '   8       0 sda 1 2 3\n',
    'proc/42/net/dev': 'head\nhead\n  eth0: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n',
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    'sys/fs/cgroup/cpu.stat': 'usage_usec 5\nuser_usec 3\nsystem_usec 2\n',
    [`${SCOPE}/cpu.stat`]: 'usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 9\nnr_throttled 2\nthrottled_usec 1\n',
    [`${SCOPE}/cpu.max`]: '50000 100000\n',
    [`${SCOPE}/memory.current`]: '1000\n',
    [`${SCOPE}/memory.max`]: '2000\n',
    [`${SCOPE}/memory.swap.current`]: '0\n',
    [`${SCOPE}/memory.stat`]: 'anon 4\nfile 5\n',
    [`${SCOPE}/memory.events`]: 'max 0\noom_kill 0\n',
    [`${SCOPE}/io.stat`]: '8:0 rbytes=1 wbytes=2 rios=3 wios=4\n',
    [`${SCOPE}/cgroup.procs`]: '42\n',
  })
  symlinkNetworks(directory.path)
  const host = await startHost({
    'path.procfs': join(directory.path, 'proc'),
    'path.sysfs': join(directory.path, 'sys'),
    docker: '',
  })
  try {
    const told = await scrape(host.containers)
    const wanted = metricsOf('containers.json')
    assert.ok(wanted.length > 15)
    assert.deepEqual(
      wanted.filter((name) => !told.has(name)),
      [],
    )
  } finally {
    await host.stop()
    await directory.remove()
  }
})

/** The container has a network of its own. */
function symlinkNetworks(root: string): void {
  for (const pid of [1, 42]) {
    mkdirSync(join(root, `proc/${pid}/ns`), { recursive: true })
    symlinkSync(`net:[${pid}]`, join(root, `proc/${pid}/ns/net`))
  }
}
