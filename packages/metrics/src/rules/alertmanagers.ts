import { readFile } from 'node:fs/promises'
import { labelsFromPairs, labelValue } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { ConfigError, HttpClient } from '@quartet/runtime'
import type { Clock, Logger, TlsMaterial } from '@quartet/runtime'
import type { AlertmanagerSet } from '@quartet/rules'
import { FileDiscovery, relabel, staticDiscovery } from '@quartet/scrape'
import type { DiscoveredTarget, HttpClientConfig } from '@quartet/scrape'
import type { AlertmanagerConfig } from '../config/alerting-section.ts'

const PATH_LABEL = '__alerts_path__'

/** @throws ConfigError when a TLS file cannot be read */
export async function createAlertmanagerSet(
  config: AlertmanagerConfig,
  services: { readonly clock: Clock; readonly logger: Logger; readonly onChange: () => void },
): Promise<AlertmanagerSet> {
  const { http } = config
  const tls = http.tls && (await readTls(http.tls))
  const client = new HttpClient({ tls, followRedirects: http.followRedirects })
  return new DiscoveredAlertmanagers(config, client, services)
}

/** The places of one entry of `alertmanagers`, after relabelling. */
class DiscoveredAlertmanagers implements AlertmanagerSet {
  readonly client: HttpClient
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly relabel: AlertmanagerSet['relabel']
  readonly #config: AlertmanagerConfig
  readonly #stops: (() => void)[] = []
  /** By discovery. */
  readonly #found: (readonly DiscoveredTarget[])[] = []
  #urls: readonly string[] = []
  #droppedUrls: readonly string[] = []

  constructor(
    config: AlertmanagerConfig,
    client: HttpClient,
    services: { readonly clock: Clock; readonly logger: Logger; readonly onChange: () => void },
  ) {
    this.#config = config
    this.client = client
    this.timeoutMs = config.timeoutMs
    this.headers = headersOf(config.http)
    const { alertRelabelRules: rules } = config
    this.relabel = rules.length > 0 ? (labels) => relabel(labels, rules) : undefined
    const discoveries = [
      staticDiscovery(config.staticConfigs),
      ...config.fileSdConfigs.map((files) => new FileDiscovery(files, services)),
    ]
    for (const [index, discovery] of discoveries.entries()) {
      discovery.start((targets) => {
        this.#found[index] = targets
        this.#sync()
        services.onChange()
      })
      this.#stops.push(() => discovery.stop())
    }
  }

  urls(): readonly string[] {
    return this.#urls
  }

  droppedUrls(): readonly string[] {
    return this.#droppedUrls
  }

  close(): void {
    for (const stop of this.#stops) stop()
    this.client.close()
  }

  #sync(): void {
    const urls = new Set<string>()
    const dropped: string[] = []
    for (const { discoveredLabels } of this.#found.flat()) {
      const labels = labelsFromPairs([
        ...discoveredLabels,
        ['__scheme__', this.#config.scheme],
        [PATH_LABEL, alertsPath(this.#config.pathPrefix)],
      ])
      const kept = relabel(labels, this.#config.relabelRules)
      if (kept === undefined || labelValue(kept, '__address__') === '') dropped.push(urlOf(labels))
      else urls.add(urlOf(kept))
    }
    this.#urls = [...urls]
    this.#droppedUrls = dropped
  }
}

/** Go's path.Join("/", prefix, "/api/v2/alerts"). */
function alertsPath(prefix: string): string {
  return `/${prefix}/api/v2/alerts`.replace(/\/{2,}/g, '/')
}

function urlOf(labels: Labels): string {
  const part = (name: string): string => labelValue(labels, name)
  return `${part('__scheme__')}://${part('__address__')}${part(PATH_LABEL)}`
}

function headersOf({ basicAuth, authorization, headers }: HttpClientConfig): Record<string, string> {
  const own: Record<string, string> = { ...headers }
  if (basicAuth) {
    own['authorization'] = `Basic ${Buffer.from(`${basicAuth.username}:${basicAuth.password}`).toString('base64')}`
  } else if (authorization !== undefined) own['authorization'] = authorization
  return own
}

async function readTls(tls: NonNullable<HttpClientConfig['tls']>): Promise<TlsMaterial> {
  const read = async (path: string | undefined): Promise<string | undefined> => {
    if (path === undefined) return undefined
    try {
      return await readFile(path, 'utf8')
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new ConfigError([`error: alerting: unable to read a TLS file: ${reason}`])
    }
  }
  return {
    ca: tls.ca ?? (await read(tls.caFile)),
    cert: tls.cert ?? (await read(tls.certFile)),
    key: tls.key ?? (await read(tls.keyFile)),
    servername: tls.serverName,
    rejectUnauthorized: tls.insecureSkipVerify !== true,
  }
}
