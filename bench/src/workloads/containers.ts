import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { writeCgroupTree } from '../data/cgroup-tree.ts'
import { RunningServer } from '../servers/server.ts'
import { printTable, round } from '../table.ts'

const CLI = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))
const WARM_UP_SCRAPES = 20
const SCRAPE_INTERVAL_SECONDS = 10

/** What a scrape of many containers costs, on synthetic cgroup trees of both versions; in memory, where the kernel has them too. */
export async function containers(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { containers: { type: 'string', default: '50' }, scrapes: { type: 'string', default: '200' } },
  })
  const [count, scrapes] = [Number(values.containers), Number(values.scrapes)]
  const rows: string[][] = []
  for (const version of [2, 1] as const) {
    const tree = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'quartet-bench-cgroups-'))
    try {
      writeCgroupTree(tree, { version, count })
      rows.push(await measure({ tree, version, scrapes }))
    } finally {
      rmSync(tree, { recursive: true, force: true })
    }
  }
  printTable(
    `${count} containers; share of a core when scraped every ${SCRAPE_INTERVAL_SECONDS} s`,
    ['cgroup', 'samples per scrape', 'KiB per scrape', 'CPU ms per scrape', 'CPU % of one core', 'RSS MB'],
    rows,
  )
}

async function measure(options: { tree: string; version: number; scrapes: number }): Promise<string[]> {
  const { scrapes, tree, version } = options
  const server = await RunningServer.start({
    name: `cgroup-v${version}`,
    program: undefined,
    readyPath: '/healthz',
    command: ({ port, directory }) => {
      const flags = ['--web.listen-address=127.0.0.1:0', `--port=${port}`, '--listen_ip=127.0.0.1', '--docker=']
      const paths = [`--path.sysfs=${join(tree, 'sys')}`, `--path.procfs=${join(tree, 'proc')}`]
      const serve = [CLI, 'serve', 'host', `--data=${join(directory, 'data')}`]
      return { file: process.execPath, args: [...serve, ...paths, ...flags] }
    },
  })
  try {
    const scrape = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text()
    for (let index = 0; index < WARM_UP_SCRAPES; index++) await scrape()
    const before = server.cpuSeconds()
    let body = ''
    for (let index = 0; index < scrapes; index++) body = await scrape()
    const seconds = (server.cpuSeconds() - before) / scrapes
    const samples = body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
    return [
      `v${version}`,
      String(samples),
      round(body.length / 1024, 0),
      round(seconds * 1000, 2),
      round((seconds / SCRAPE_INTERVAL_SECONDS) * 100, 3),
      String(server.memory().residentMb),
    ]
  } finally {
    await server.stop()
  }
}
