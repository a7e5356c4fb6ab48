import type { SystemDefinition } from '@quartet/runtime'

/** The web UI's server. Its rooms are loaded when it starts, so that naming it costs nothing. */
export const system: SystemDefinition = {
  name: 'web',
  aliases: ['grafana'],
  upstream: 'Grafana 12.3.1',
  heapLimitMb: 512,
  flags: [
    {
      name: 'config',
      kind: 'string',
      default: '${stack}/grafana/grafana.ini',
      help: 'Path of grafana.ini; every key can also be set by GF_<SECTION>_<KEY>.',
    },
    { name: 'http-addr', kind: 'string', help: 'Address to listen on, instead of [server] http_addr.' },
    { name: 'http-port', kind: 'string', help: 'Port to listen on, instead of [server] http_port.' },
  ],
  async start(options) {
    const { startWeb } = await import('./service.ts')
    return startWeb(options)
  },
  async check(options) {
    const { checkWeb } = await import('./check.ts')
    return checkWeb(options)
  },
}
