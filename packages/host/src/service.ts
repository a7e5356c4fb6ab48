import { createHttpServer, createSelfMetrics, Lifecycle, loadWebConfig, sendBody } from '@quartet/runtime'
import type { HealthOptions, HttpServer, RunningSystem, SystemOptions, WebConfig } from '@quartet/runtime'
import { addContainerApi } from './api/container-api.ts'
import { containersPage } from './api/containers-page.ts'
import { landingPage } from './api/landing-page.ts'
import { HostFiles } from './collectors/host-files.ts'
import { NodeExporter } from './collectors/node-exporter.ts'
import { COLLECTORS } from './collectors/registry.ts'
import { readSettings } from './config/settings.ts'
import type { Settings } from './config/settings.ts'
import { ContainerExporter } from './containers/container-exporter.ts'

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const HEALTH: HealthOptions = { healthyText: 'OK', readyText: 'OK', ready: () => true }

/** Two listeners: node metrics and container metrics. Nothing runs between scrapes. */
export async function startHost(options: SystemOptions): Promise<RunningSystem> {
  const settings = readSettings(options)
  const files = new HostFiles(settings.paths)
  const { webConfigFile } = settings.node
  const load = async (): Promise<WebConfig | undefined> =>
    webConfigFile === '' ? undefined : loadWebConfig(webConfigFile)
  let web = await load()
  const rooms = new Lifecycle()
  const listen = async (server: HttpServer): Promise<string> => {
    const { url } = await rooms.start(
      () => server.listen(),
      () => server.close(),
    )
    return url
  }
  const node = await listen(nodeServer(options, settings, files, web && (() => web!)))
  const containers = await listen(containerServer(options, settings, files))
  return {
    endpoints: [
      { name: 'Node metrics', url: node },
      { name: 'Container metrics', url: containers },
    ],
    notices: [],
    async reload() {
      // Everything else is a flag here, as in upstream.
      web = await load()
    },
    stop: () => rooms.stop(),
  }
}

function nodeServer(
  { clock, logger }: SystemOptions,
  settings: Settings,
  files: HostFiles,
  web: (() => WebConfig) | undefined,
): HttpServer {
  const { host, path, port, withOwn } = settings.node
  const metrics = createSelfMetrics({ clock })
  const exporter = new NodeExporter({
    files,
    collectors: COLLECTORS.filter(({ name }) => settings.collectors.includes(name)),
    option: settings.option,
    logger,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
  })
  const common = { name: 'node exporter', portFlag: 'web.listen-address', logger, metrics, health: HEALTH }
  const server = createHttpServer({ ...common, host, port, serveMetrics: false, ...(web && { web }) })
  server.raw('GET', path, async (request, response) => {
    const query = new URLSearchParams(request.url!.split('?')[1] ?? '')
    const page = await exporter.scrape(query.getAll('collect[]'), query.getAll('exclude[]'))
    const help =
      "A metric with a constant '1' value labeled by version, revision, branch, goversion from which node_exporter was built, and the goos and goarch for the build."
    page.gauge('node_exporter_build_info', help, 1, {
      branch: '',
      goarch: process.arch === 'x64' ? 'amd64' : process.arch,
      goos: process.platform,
      goversion: process.version,
      revision: '',
      tags: '',
      version: '1.10.2',
    })
    const own = withOwn ? (await metrics.render()).text : ''
    await sendBody(request, response, { contentType: CONTENT_TYPE, body: page.render() + own })
  })
  addLandingPage(server, {
    title: 'Node exporter',
    what: 'Metrics of this machine, read when they are asked for.',
    path,
  })
  return server
}

function containerServer({ clock, logger }: SystemOptions, settings: Settings, files: HostFiles): HttpServer {
  const { host, path, port } = settings.containers
  const metrics = createSelfMetrics({ clock })
  const exporter = new ContainerExporter({
    files,
    dockerSocket: settings.dockerSocket,
    dockerOnly: settings.dockerOnly,
    rawPrefixes: settings.rawPrefixes,
    storeLabels: settings.storeLabels,
    labelNames: settings.labelNames,
    environmentPrefixes: settings.environmentPrefixes,
    isEnabled: settings.isGroupEnabled,
    logger,
    nowMs: () => clock.nowMs(),
  })
  const common = { name: 'container exporter', portFlag: 'port', logger, metrics, health: HEALTH }
  const server = createHttpServer({ ...common, host, port, serveMetrics: false })
  server.raw('GET', path, async (request, response) => {
    await sendBody(request, response, { contentType: CONTENT_TYPE, body: (await exporter.scrape()).render() })
  })
  server.raw('GET', '/healthz', (request, response) =>
    sendBody(request, response, { contentType: 'text/plain; charset=utf-8', body: 'ok' }),
  )
  addContainerApi(server, { exporter, files, nowMs: () => clock.nowMs() })
  server.raw('GET', '/', async (request, response) => {
    const body = await containersPage(exporter, path)
    await sendBody(request, response, { contentType: 'text/html; charset=utf-8', body })
  })
  for (const old of ['/containers/', '/docker/']) {
    // Where upstream's pages are, and its own redirect of `/` leads.
    server.raw('GET', old, (_request, response) => void response.writeHead(307, { location: '/' }).end())
  }
  return server
}

function addLandingPage(server: HttpServer, page: { title: string; what: string; path: string }): void {
  server.raw('GET', '/', (request, response) =>
    sendBody(request, response, { contentType: 'text/html; charset=utf-8', body: landingPage(page) }),
  )
}
