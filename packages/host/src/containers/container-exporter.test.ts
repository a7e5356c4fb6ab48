import { recordingLogger, temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { valuesOf, writeTree } from '../../test/support.ts'
import { HostFiles } from '../collectors/host-files.ts'
import { ContainerExporter } from './container-exporter.ts'

const ID = 'c0ffee'.repeat(10) + 'abcd'
const V2 = `sys/fs/cgroup/system.slice/docker-${ID}.scope`
const HOST_FILES = {
  'proc/meminfo': 'MemTotal: 1000 kB\nMemFree: 400 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\n',
  'proc/cpuinfo': 'processor : 0\nphysical id : 0\ncore id : 0\n\nprocessor : 1\nphysical id : 0\ncore id : 0\n',
  'proc/diskstats': '   8       0 sda 1 2 3\n',
  'proc/1/mountinfo': '',
  'proc/42/stat': '42 (a b) c) S 1 42 42 0 -1\n',
}
const V2_FILES = {
  'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
  'sys/fs/cgroup/cpu.stat': 'usage_usec 5000000\nuser_usec 3000000\nsystem_usec 2000000\n',
  'sys/fs/cgroup/memory.stat': 'anon 1\nfile 2\ninactive_file 1024\n',
  [`${V2}/cpu.stat`]:
    'usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnr_periods 9\nnr_throttled 2\nthrottled_usec 250000\n',
  [`${V2}/cpu.max`]: '50000 100000\n',
  [`${V2}/cpu.weight`]: '100\n',
  [`${V2}/memory.current`]: '1000000\n',
  [`${V2}/memory.max`]: '2000000\n',
  [`${V2}/memory.stat`]: 'anon 400000\nfile 500000\nfile_mapped 3000\ninactive_file 100000\npgfault 7\npgmajfault 1\n',
  [`${V2}/memory.events`]: 'low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\n',
  [`${V2}/io.stat`]: '8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n',
  [`${V2}/cgroup.procs`]: '42\n43\n',
  [`${V2}/cpu.pressure`]:
    'some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n',
  [`${V2}/pids.current`]: '5\n',
  [`${V2}/pids.max`]: 'max\n',
  'proc/42/net/dev':
    'Inter-|\n face |\n  eth0: 10 11 12 13 0 0 0 0 20 21 22 23 0 0 0 0\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n',
  'proc/42/limits': 'Max open files            1024                 4096                 files\n',
}
const V1_FILES = {
  [`sys/fs/cgroup/cpuacct/docker/${ID}/cpuacct.usage`]: '1500000000\n',
  [`sys/fs/cgroup/cpuacct/docker/${ID}/cpuacct.stat`]: 'user 100\nsystem 50\n',
  [`sys/fs/cgroup/cpu/docker/${ID}/cpu.shares`]: '1024\n',
  [`sys/fs/cgroup/memory/docker/${ID}/memory.usage_in_bytes`]: '1000000\n',
  [`sys/fs/cgroup/memory/docker/${ID}/memory.limit_in_bytes`]: '9223372036854771712\n',
  [`sys/fs/cgroup/memory/docker/${ID}/memory.stat`]:
    'cache 1\ntotal_cache 500000\ntotal_rss 400000\ntotal_inactive_file 100000\n',
  [`sys/fs/cgroup/blkio/docker/${ID}/blkio.throttle.io_service_bytes`]: '8:0 Read 4096\n8:0 Write 8192\nTotal 12288\n',
}

async function withExporter(
  files: Readonly<Record<string, string>>,
  options: { docker?: boolean; dockerOnly?: boolean; groups?: string[]; environment?: string[] },
  run: (
    values: Map<string, number>,
    logged: string[],
    again: () => Promise<Map<string, number>>,
  ) => Promise<void> | void,
): Promise<void> {
  const directory = await temporaryDirectory()
  const { logger, records } = recordingLogger()
  const socket = join(directory.path, 'docker.sock')
  const docker = createServer((request, response) =>
    response.end(
      request.url === `/containers/${ID}/json`
        ? '{"Config":{"Env":["TEAM_NAME=a=b","PATH=/bin","SECRET=x"]}}'
        : JSON.stringify([{ Id: ID, Names: ['/shop-web-1'], Image: 'shop:1', Labels: { 'com.example.team': 'a' } }]),
    ),
  )
  try {
    if (options.docker) await once(docker.listen(socket), 'listening')
    writeTree(directory.path, { ...HOST_FILES, ...files })
    const at = (path: string): string => join(directory.path, path)
    const exporter = new ContainerExporter({
      files: new HostFiles({ procfs: at('proc'), sysfs: at('sys'), rootfs: at('root'), udev: at('udev') }),
      dockerSocket: socket,
      dockerOnly: options.dockerOnly ?? false,
      rawPrefixes: [],
      storeLabels: true,
      labelNames: [],
      environmentPrefixes: options.environment ?? [],
      isEnabled: (group) => !options.groups || options.groups.includes(group),
      logger,
      nowMs: () => 1_700_000_000_000,
    })
    const values = async (): Promise<Map<string, number>> => valuesOf((await exporter.scrape()).families)
    await run(
      await values(),
      records.map(({ fields }) => String(fields['problem'])),
      values,
    )
    await values()
    assert.ok(records.length <= 2, 'a problem is logged once')
  } finally {
    docker.closeAllConnections()
    if (options.docker) docker.close()
    await directory.remove()
  }
}

test('reads cgroup v2 and takes names from the path', () =>
  withExporter(V2_FILES, {}, (values) => {
    const labels = `id="/system.slice/docker-${ID}.scope",image="",name="c0ffeec0ffee"`
    const read = (name: string): number | undefined => values.get(`${name}{${labels}}`)
    assert.equal(values.get(`container_cpu_usage_seconds_total{cpu="total",${labels}}`), 1.5)
    assert.equal(read('container_cpu_user_seconds_total'), 1)
    assert.equal(read('container_cpu_cfs_throttled_seconds_total'), 0.25)
    assert.equal(read('container_spec_cpu_quota'), 50000)
    assert.equal(read('container_spec_memory_limit_bytes'), 2e6)
    assert.equal(read('container_memory_working_set_bytes'), 900000)
    assert.equal(read('container_memory_rss'), 400000)
    assert.equal(read('container_memory_failcnt'), 4)
    assert.equal(read('container_oom_events_total'), 1)
    assert.equal(read('container_last_seen'), 1.7e9)
    assert.equal(read('container_pressure_cpu_waiting_seconds_total'), 2.5)
    assert.equal(read('container_pressure_cpu_stalled_seconds_total'), 0.001)
    assert.equal(read('container_memory_total_inactive_file_bytes'), 100000)
    assert.equal(read('container_tasks_state'), undefined)
    assert.equal(values.get(`container_tasks_state{${labels},state="sleeping"}`), 1)
    assert.equal(read('container_threads'), 5)
    assert.equal(read('container_threads_max'), 0)
    assert.equal(read('container_processes'), 2)
    assert.equal(values.get(`container_fs_writes_bytes_total{device="/dev/sda",${labels}}`), 8192)
    assert.equal(values.get('container_memory_usage_bytes{id="/",image="",name=""}'), 600 * 1024)
    assert.equal(values.get('container_memory_working_set_bytes{id="/",image="",name=""}'), 599 * 1024)
    assert.equal(values.get('machine_cpu_cores{boot_id="",machine_id="",system_uuid=""}'), 2)
    assert.equal(values.get('machine_cpu_physical_cores{boot_id="",machine_id="",system_uuid=""}'), 1)
    assert.equal(values.get('container_scrape_error'), 0)
  }))

test('reads cgroup v1', () =>
  withExporter(V1_FILES, { groups: ['cpu', 'memory', 'diskIO'] }, (values) => {
    const labels = `id="/docker/${ID}",image="",name="c0ffeec0ffee"`
    assert.equal(values.get(`container_cpu_usage_seconds_total{cpu="total",${labels}}`), 1.5)
    assert.equal(values.get(`container_cpu_system_seconds_total{${labels}}`), 0.5)
    assert.equal(values.get(`container_memory_working_set_bytes{${labels}}`), 900000)
    assert.equal(values.get(`container_memory_cache{${labels}}`), 500000)
    assert.equal(values.get(`container_spec_memory_limit_bytes{${labels}}`), 0)
    assert.equal(values.get(`container_fs_reads_bytes_total{device="/dev/sda",${labels}}`), 4096)
  }))

test('takes names, images and labels from Docker', () =>
  withExporter(V2_FILES, { docker: true, dockerOnly: true }, (values) => {
    const labels = `container_label_com_example_team="a",id="/system.slice/docker-${ID}.scope",image="shop:1",name="shop-web-1"`
    assert.equal(values.get(`container_memory_rss{${labels}}`), 400000)
    assert.ok(![...values.keys()].some((key) => key.includes('id="/system.slice"')))
    assert.ok([...values.keys()].some((key) => key.includes('id="/"')))
  }))

test('takes the environment that was asked for from Docker', () =>
  withExporter(V2_FILES, { docker: true, dockerOnly: true, environment: ['TEAM_'] }, (values) => {
    const labels = `container_env_team_name="a=b",container_label_com_example_team="a",id="/system.slice/docker-${ID}.scope",image="shop:1",name="shop-web-1"`
    assert.equal(values.get(`container_memory_rss{${labels}}`), 400000)
  }))

test('says so where there are no cgroups, and goes on', () =>
  withExporter({}, {}, (values, logged) => {
    assert.equal(values.get('container_scrape_error'), 1)
    assert.equal(values.get('machine_scrape_error'), 0)
    assert.match(logged[0]!, /no cgroups below .*: container metrics are not available/)
  }))
