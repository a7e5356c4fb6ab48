import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { ServerKind } from './server.ts'

const CLI = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))

/** `quartet serve metrics` with nothing to scrape. */
export const quartetMetrics: ServerKind = {
  name: 'quartet',
  program: undefined,
  readyPath: '/-/ready',
  command({ port, directory }) {
    const config = join(directory, 'empty.yml')
    writeFileSync(config, 'global: {}\n')
    return serve('metrics', directory, [
      `--config.file=${config}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
    ])
  },
}

export const quartetLogs: ServerKind = {
  name: 'quartet',
  program: undefined,
  readyPath: '/ready',
  command: ({ port, directory }) => serve('logs', directory, [`--server.http-listen-port=${port}`]),
}

export const quartetTraces: ServerKind = {
  name: 'quartet',
  program: undefined,
  readyPath: '/ready',
  command({ port, directory }) {
    const stack = join(directory, 'stack', 'tempo', 'config')
    mkdirSync(stack, { recursive: true })
    const receivers = `{otlp: {protocols: {http: {endpoint: "127.0.0.1:${port + 1}"}}}}`
    writeFileSync(
      join(stack, 'tempo.yaml'),
      `server: {http_listen_address: 127.0.0.1, http_listen_port: ${port}}\ndistributor: {receivers: ${receivers}}\n`,
    )
    return serve('traces', directory, [`--config.file=${join(stack, 'tempo.yaml')}`])
  },
}

function serve(system: string, directory: string, flags: string[]): { file: string; args: string[] } {
  return { file: process.execPath, args: [CLI, 'serve', system, `--data=${join(directory, 'data')}`, ...flags] }
}
