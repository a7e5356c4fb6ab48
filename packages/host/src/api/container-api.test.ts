import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startHost, writeTree } from '../../test/support.ts'

const ID = 'c0ffee'.repeat(10) + 'abcd'
const SCOPE = `/system.slice/docker-${ID}.scope`
const CGROUP = `sys/fs/cgroup${SCOPE}`

/** As far as the tests look into it. */
interface Answer {
  readonly status: number
  readonly body: any // oxlint-disable-line typescript/no-explicit-any
}

async function withApi(run: (get: (path: string) => Promise<Answer>) => Promise<void>): Promise<void> {
  const directory = await temporaryDirectory()
  writeTree(directory.path, {
    'proc/meminfo': 'MemTotal: 1000 kB\nMemFree: 400 kB\nSwapTotal: 50 kB\n',
    'proc/cpuinfo': 'processor : 0\nvendor_id : GenuineIntel\ncpu MHz : 2400.5\nphysical id : 0\ncore id : 0\n',
    'proc/diskstats': '   8       0 sda 1 2 3\n',
    'proc/42/net/dev': 'head\nhead\n    lo: 9 9 9 9 0 0 0 0 9 9 9 9 0 0 0 0\n  eth0: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n',
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    'sys/fs/cgroup/cpu.stat': 'usage_usec 5000000\n',
    [`${CGROUP}/cpu.stat`]: 'usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnr_periods 9\nnr_throttled 2\n',
    [`${CGROUP}/cpu.max`]: '50000 100000\n',
    [`${CGROUP}/memory.current`]: '1000000\n',
    [`${CGROUP}/memory.max`]: '2000000\n',
    [`${CGROUP}/memory.stat`]: 'anon 400000\nfile 500000\ninactive_file 100000\npgfault 7\n',
    [`${CGROUP}/io.stat`]: '8:0 rbytes=4096 wbytes=8192 rios=1 wios=2\n',
    [`${CGROUP}/cgroup.procs`]: '42\n',
    [`${CGROUP}/pids.current`]: '5\n',
  })
  for (const pid of [1, 42]) {
    mkdirSync(join(directory.path, `proc/${pid}/ns`), { recursive: true })
    symlinkSync(`net:[${pid}]`, join(directory.path, `proc/${pid}/ns/net`))
  }
  const host = await startHost({
    'path.procfs': join(directory.path, 'proc'),
    'path.sysfs': join(directory.path, 'sys'),
    docker: '',
  })
  try {
    await run(async (path) => {
      const response = await fetch(host.containers + path)
      const text = await response.text()
      return { status: response.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text }
    })
  } finally {
    await host.stop()
    await directory.remove()
  }
}

test("describes a container in the words of cAdvisor's API", () =>
  withApi(async (get) => {
    const { body } = await get(`/api/v1.3/containers${SCOPE}`)
    assert.deepEqual([body.name, body.id, body.namespace], [SCOPE, ID, 'docker'])
    assert.deepEqual(body.aliases, ['c0ffeec0ffee', ID])
    assert.deepEqual(body.spec.cpu, { limit: 0, max_limit: 0, quota: 50000, period: 100000 })
    assert.equal(body.spec.memory.limit, 2e6)
    assert.match(body.spec.creation_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const [sample, ...more] = body.stats
    assert.deepEqual(more, [])
    assert.deepEqual(sample.cpu.usage, { total: 1.5e9, user: 1e9, system: 5e8 })
    assert.equal(sample.cpu.cfs.throttled_periods, 2)
    assert.equal(sample.memory.working_set, 900000)
    assert.deepEqual(sample.diskio.io_service_bytes, [
      { device: '/dev/sda', major: 8, minor: 0, stats: { Read: 4096, Write: 8192 } },
    ])
    assert.deepEqual(
      sample.network.interfaces.map((each: { name: string; tx_bytes: number }) => [each.name, each.tx_bytes]),
      [['eth0', 5]],
    )
    assert.deepEqual(sample.processes, { process_count: 1, threads_current: 5, threads_max: 0 })
  }))

test('lists what is below a cgroup, and Docker containers by name or beginning of the id', () =>
  withApi(async (get) => {
    const root = (await get('/api/v1.3/containers/')).body
    assert.deepEqual([root.name, root.subcontainers], ['/', [{ name: '/system.slice' }]])
    const names = async (path: string): Promise<string[]> =>
      (await get(path)).body.map(({ name }: { name: string }) => name)
    assert.deepEqual(await names('/api/v1.3/subcontainers'), ['/', '/system.slice', SCOPE])
    assert.deepEqual(await names('/api/v1.2/subcontainers/system.slice'), ['/system.slice', SCOPE])
    for (const wanted of ['', '/', '/c0ffeec0ffee', `/${ID.slice(0, 20)}`]) {
      assert.deepEqual(Object.keys((await get(`/api/v1.3/docker${wanted}`)).body), [SCOPE])
    }
    assert.equal((await get('/api/v1.3/docker/nobody')).status, 404)
    assert.equal((await get('/api/v1.3/containers/nothing')).status, 404)
    assert.equal((await get('/api/v1.3/containers/%ff')).status, 400)
  }))

test('describes the machine and shows a page', () =>
  withApi(async (get) => {
    const { body } = await get('/api/v1.3/machine')
    assert.deepEqual(
      [body.num_cores, body.memory_capacity, body.cpu_frequency_khz, body.vendor_id],
      [1, 1024000, 2400500, 'GenuineIntel'],
    )
    assert.equal((await get('/api/v2.0/version')).body, '"v0.55.1"')
    const page = String((await get('/containers/')).body)
    assert.match(page, /1 containers, 2 other cgroups/)
    assert.match(page, /<b>c0ffeec0ffee<\/b>/)
    assert.match(page, /0\.50 cores/)
  }))
