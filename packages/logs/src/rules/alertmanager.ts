import { readFile } from 'node:fs/promises'
import { ConfigError, HttpClient } from '@quartet/runtime'
import type { TlsMaterial } from '@quartet/runtime'
import type { AlertmanagerSet } from '@quartet/rules'
import type { AlertmanagerConfig } from '../config/ruler-config.ts'

/** One place of `alertmanager_url`: as upstream, each one is told, none stands in for another. @throws ConfigError */
export async function connectAlertmanager(config: AlertmanagerConfig): Promise<AlertmanagerSet> {
  const client = new HttpClient({ tls: await tlsOf(config.tls) })
  return {
    urls: () => [`${config.url}/api/v2/alerts`],
    droppedUrls: () => [],
    client,
    headers: config.authorization === undefined ? {} : { authorization: config.authorization },
    timeoutMs: config.timeoutMs,
    relabel: undefined,
    close: () => client.close(),
  }
}

async function tlsOf(tls: AlertmanagerConfig['tls']): Promise<TlsMaterial | undefined> {
  const { caFile, certFile, keyFile, serverName, skipVerify } = tls
  if (!caFile && !certFile && !keyFile && !serverName && !skipVerify) return undefined
  const load = async (path: string): Promise<string | undefined> => {
    if (path === '') return undefined
    try {
      return await readFile(path, 'utf8')
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new ConfigError([`error: ruler.alertmanager_client: unable to read a TLS file: ${reason}`])
    }
  }
  return {
    ca: await load(caFile),
    cert: await load(certFile),
    key: await load(keyFile),
    servername: serverName || undefined,
    rejectUnauthorized: !skipVerify,
  }
}
