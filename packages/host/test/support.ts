import { parseFamilies } from '@quartet/model'
import type { MetricFamily } from '@quartet/model'
import { systemClock } from '@quartet/runtime'
import type { Logger } from '@quartet/runtime'
import { recordingLogger } from '@quartet/runtime/testing'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { system } from '../src/index.ts'

export interface Host {
  readonly node: string
  readonly containers: string
  stop(): Promise<void>
}

export async function startHost(
  flags: Record<string, string | boolean> = {},
  logger: Logger = recordingLogger().logger,
): Promise<Host> {
  const running = await system.start({
    flags: { 'web.listen-address': '127.0.0.1:0', port: '0', listen_ip: '127.0.0.1', ...flags },
    dataDirectory: '/nonexistent',
    stackDirectory: '/nonexistent',
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger,
  })
  const [node, containers] = running.endpoints.map(({ url }) => url)
  return { node: node!, containers: containers!, stop: () => running.stop() }
}

export async function scrape(url: string): Promise<Map<string, MetricFamily>> {
  const response = await fetch(`${url}/metrics`)
  return parseFamilies(Buffer.from(await response.arrayBuffer()))
}

/** `name{a="b"} value` of every metric that has a plain value. */
export function valuesOf(families: Map<string, MetricFamily>): Map<string, number> {
  const values = new Map<string, number>()
  for (const { metrics, name } of families.values()) {
    for (const { labels, value } of metrics) {
      const text = labels.map((label) => `${label.name}="${label.value}"`).join(',')
      if ('value' in value) values.set(text === '' ? name : `${name}{${text}}`, value.value)
    }
  }
  return values
}

/** Writes a tree of files: text by path. */
export function writeTree(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}
