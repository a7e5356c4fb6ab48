import type { MetricFamily } from '@quartet/model'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { scrape, startHost } from '../support.ts'

const BINARY = '/usr/bin/prometheus-node-exporter'
const isThere = existsSync(BINARY)
if (!isThere) console.log(`${BINARY} is not installed: not compared with it`)

/** Debian has 1.5, this follows 1.10: what came or changed between them. */
const NEWER =
  /^node_(filesystem_mount_info|kernel_hung|softnet_(backlog_len|cpu_collision|flow_limit|received_rps)|pressure_irq|netstat_Tcp(Ext_TCPOFOQueue|Ext_TCPRcvQDrop)|netstat_TcpExt)/
/** Labels that 1.10 has and 1.5 has not. */
const NEWER_LABELS: Readonly<Record<string, readonly string[]>> = {
  node_filesystem: ['device_error'],
  node_disk_info: ['rotational'],
  node_network_info: ['adminstate'],
}
/** Not built, or told by another collector than P0's: see the README. */
const NOT_BUILT = /^node_(timex|selinux|exporter_build_info|scrape_collector|textfile)/

/** Debian's 1.5 calls these successful with nothing told, or asks the kernel by another way. */
const DIFFERENT_SUCCESS = /timex/

/** Given to both, since Debian has defaults of its own. */
const SAME: Readonly<Record<string, string>> = {
  'collector.diskstats.device-exclude': '^(z?ram|loop|fd)\\d+$',
  'collector.filesystem.fs-types-exclude': '^(cgroup2?|devpts|devtmpfs|proc|sysfs|overlay)$',
  'collector.filesystem.mount-points-exclude': '^/(dev|proc|sys)($|/)',
  'collector.netdev.device-exclude': '^none$',
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** What the kernel counts by the moment, or each exporter about itself: names and labels are compared, values are not. */
const MOMENTARY =
  /^node_(load\d+|procs_(running|blocked)|time_seconds|scrape_collector_duration_seconds|disk_io_now|processes_(state|threads_state)|tcp_connection_states|memory_(Dirty|Writeback)_bytes|network_info)$/
/** Gauges move between two scrapes; a wrong unit or column does not hide in this. */
const GAUGE_TOLERANCE = 0.05
/** A moment may be unlucky; a formula that is wrong is wrong every time. */
const ROUNDS = 5

interface Series {
  readonly type: string
  readonly values: ReadonlyMap<string, number>
}

function series(families: Map<string, MetricFamily>): Map<string, Series> {
  return new Map(
    [...families].map(([name, { metrics, type }]): [string, Series] => {
      const drop = Object.entries(NEWER_LABELS).flatMap(([prefix, labels]) => (name.startsWith(prefix) ? labels : []))
      const values = metrics.map(({ labels, value }): [string, number] => {
        const shown = labels
          .filter((label) => !drop.includes(label.name))
          .map((label) => `${label.name}=${label.value}`)
        return [JSON.stringify(shown), 'value' in value ? value.value : Number.NaN]
      })
      return [name, { type, values: new Map(values.sort(([a], [b]) => (a < b ? -1 : 1))) }]
    }),
  )
}

/** Ours was scraped between two of theirs: what counts upwards must lie between them, what moves close to them. */
function agrees(type: string, before: number, own: number, after: number): boolean {
  const [low, high] = [Math.min(before, after), Math.max(before, after)]
  if (type === 'COUNTER') return own >= low - 1e-6 && own <= high + 1e-6
  const slack = GAUGE_TOLERANCE * Math.max(Math.abs(low), Math.abs(high))
  return own >= low - slack && own <= high + slack
}

/** Off by default here and there. */
const ASKED_FOR = ['buddyinfo', 'cgroups', 'interrupts', 'ksmd', 'processes', 'slabinfo', 'tcpstat']

test("tells the names, types, labels and values that Debian's node_exporter tells", { skip: !isThere }, async () => {
  const port = await freePort()
  const flags = Object.entries(SAME).map(([name, value]) => `--${name}=${value}`)
  flags.push(...ASKED_FOR.map((name) => `--collector.${name}`))
  const child = spawn(BINARY, [`--web.listen-address=127.0.0.1:${port}`, '--log.level=info', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const asked = Object.fromEntries(ASKED_FOR.map((name) => [`collector.${name}`, true]))
  const host = await startHost({ 'web.disable-exporter-metrics': true, ...SAME, ...asked })
  try {
    // It says where it listens when it does; the pipe has to stay open after that.
    for (let log = ''; !/Listening on|TLS is disabled/i.test(log);) {
      const [chunk] = (await once(child.stderr, 'data')) as [Buffer]
      log += chunk.toString()
    }
    child.stderr.resume()
    const their = (): Promise<Map<string, Series>> => scrape(`http://127.0.0.1:${port}`).then(series)
    let before = await their()
    /** Series whose value has not agreed in any round so far. */
    let open: Map<string, string> | undefined
    let count = 0
    for (let round = 0; round < ROUNDS && open?.size !== 0; round++) {
      const own = series(await scrape(host.node))
      const after = await their()
      if (round === 0) count = compareShape(own, after)
      const disagreeing = new Map<string, string>()
      for (const [name, { type, values }] of after) {
        if (!name.startsWith('node_') || NOT_BUILT.test(name) || MOMENTARY.test(name)) continue
        for (const [labels, value] of values) {
          const [earlier, ours] = [before.get(name)?.values.get(labels), own.get(name)?.values.get(labels)]
          const key = `${name}${labels}`
          if (ours === undefined || (open && !open.has(key)) || agrees(type, earlier ?? value, ours, value)) continue
          disagreeing.set(key, `${earlier} then ${value} there, ${ours} here`)
        }
      }
      open = disagreeing
      before = after
    }
    console.log(`compared with node_exporter 1.5: ${count} names`)
    assert.ok(count > 200)
    assert.deepEqual(Object.fromEntries(open ?? []), {})
  } finally {
    child.kill('SIGKILL')
    await host.stop()
  }
})

/** @returns how many names were compared */
function compareShape(own: Map<string, Series>, theirs: Map<string, Series>): number {
  const compared = [...new Set([...theirs.keys(), ...own.keys()])].filter(
    (name) => name.startsWith('node_') && !NOT_BUILT.test(name) && !NEWER.test(name),
  )
  const pick = (side: Map<string, Series>): [string, string[] | undefined][] =>
    compared.map((name) => {
      const found = side.get(name)
      return [name, found && [found.type, ...(MOMENTARY.test(name) ? [] : found.values.keys())]]
    })
  assert.deepEqual(pick(own), pick(theirs))
  // Whether a collector has something to tell on this machine must be seen alike.
  const success = (side: Map<string, Series>, key: string): number | undefined =>
    side.get('node_scrape_collector_success')?.values.get(key)
  const collectors = [...(theirs.get('node_scrape_collector_success')?.values.keys() ?? [])].filter(
    (key) => success(own, key) !== undefined && !DIFFERENT_SUCCESS.test(key),
  )
  assert.ok(collectors.length > 40)
  const successes = (side: Map<string, Series>): unknown => collectors.map((key) => [key, success(side, key)])
  assert.deepEqual(successes(own), successes(theirs))
  return compared.length
}
