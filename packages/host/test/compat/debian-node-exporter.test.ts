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
  /^node_(filesystem_mount_info|softnet_(backlog_len|cpu_collision|flow_limit|received_rps)|pressure_irq|netstat_Tcp(Ext_TCPOFOQueue|Ext_TCPRcvQDrop)|netstat_TcpExt)/
/** Labels that 1.10 has and 1.5 has not. */
const NEWER_LABELS: Readonly<Record<string, readonly string[]>> = {
  node_filesystem: ['device_error'],
  node_disk_info: ['rotational'],
  node_network_info: ['adminstate'],
}
/** Not built, or told by another collector than P0's: see the README. */
const NOT_BUILT = /^node_(timex|selinux|exporter_build_info|scrape_collector|textfile)/

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

function series(families: Map<string, MetricFamily>): Map<string, string[]> {
  return new Map(
    [...families].map(([name, { metrics, type }]) => {
      const drop = Object.entries(NEWER_LABELS).flatMap(([prefix, labels]) => (name.startsWith(prefix) ? labels : []))
      const shown = metrics.map(({ labels }) =>
        JSON.stringify(
          labels.filter((label) => !drop.includes(label.name)).map((label) => `${label.name}=${label.value}`),
        ),
      )
      return [name, [type, ...shown.sort()]]
    }),
  )
}

test("tells the names, types and labels that Debian's node_exporter tells", { skip: !isThere }, async () => {
  const port = await freePort()
  const flags = Object.entries(SAME).map(([name, value]) => `--${name}=${value}`)
  const child = spawn(BINARY, [`--web.listen-address=127.0.0.1:${port}`, '--log.level=info', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const host = await startHost({ 'web.disable-exporter-metrics': true, ...SAME })
  try {
    // It says where it listens when it does; the pipe has to stay open after that.
    for (let log = ''; !/Listening on|TLS is disabled/i.test(log);) {
      const [chunk] = (await once(child.stderr, 'data')) as [Buffer]
      log += chunk.toString()
    }
    child.stderr.resume()
    const theirs = series(await scrape(`http://127.0.0.1:${port}`))
    const ours = series(await scrape(host.node))
    const compared = [...new Set([...theirs.keys(), ...ours.keys()])].filter(
      (name) => name.startsWith('node_') && !NOT_BUILT.test(name) && !NEWER.test(name),
    )
    console.log(`compared with node_exporter 1.5: ${compared.length} names`)
    assert.ok(compared.length > 200)
    const pick = (side: Map<string, string[]>): [string, string[] | undefined][] =>
      compared.map((name) => [name, side.get(name)])
    assert.deepEqual(pick(ours), pick(theirs))
  } finally {
    child.kill('SIGKILL')
    await host.stop()
  }
})
