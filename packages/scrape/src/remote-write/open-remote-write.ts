import { NO_LABELS } from '@quartet/model'
import type { TlsMaterial } from '@quartet/runtime'
import { readFile } from 'node:fs/promises'
import { DEFAULT_ENDPOINT } from './endpoint.ts'
import type { RemoteWriteEndpointConfig } from './endpoint.ts'
import { RemoteWriteSink } from './remote-write-sink.ts'
import type { RemoteWriteSinkOptions } from './remote-write-sink.ts'
import type { RemoteWriteConfig } from './yaml-config.ts'

/** Opens the queues towards the receivers, one directory each. @throws the error of a secret's file that cannot be read */
export async function openRemoteWrite(
  config: readonly RemoteWriteConfig[],
  services: Omit<RemoteWriteSinkOptions, 'endpoints' | 'externalLabels'>,
): Promise<RemoteWriteSink> {
  const endpoints = await Promise.all(
    config.map(async (entry, index): Promise<RemoteWriteEndpointConfig> => {
      const { basicAuth, bearerToken } = entry
      return {
        ...DEFAULT_ENDPOINT,
        name: entry.name || `remote-${index + 1}`,
        url: entry.url,
        headers: entry.headers,
        basicAuth: basicAuth && {
          username: basicAuth.username,
          password: await textOr(basicAuth.password, basicAuth.passwordFile),
        },
        bearerToken: bearerToken && (await textOr(bearerToken.text, bearerToken.file)),
        tls: await tlsOf(entry.tls),
        followRedirects: entry.followRedirects,
        timeoutMs: entry.timeoutMs,
        sendExemplars: entry.sendExemplars,
        metadataIntervalMs: entry.metadataIntervalMs,
        writeRelabelRules: entry.relabelRules,
        maxSamplesPerSend: entry.maxSamplesPerSend,
        minBackoffMs: entry.minBackoffMs,
        maxBackoffMs: entry.maxBackoffMs,
        retryOnHttp429: entry.retryOn429,
      }
    }),
  )
  // What writes here puts its external labels into the series itself.
  return RemoteWriteSink.open({ ...services, endpoints, externalLabels: NO_LABELS })
}

async function textOr(text: string, file: string): Promise<string> {
  return file === '' ? text : (await readFile(file, 'utf8')).trim()
}

async function tlsOf({
  caFile,
  certFile,
  keyFile,
  serverName,
  skipVerify,
}: RemoteWriteConfig['tls']): Promise<TlsMaterial | undefined> {
  if (!caFile && !certFile && !keyFile && !serverName && !skipVerify) return undefined
  const load = async (file: string): Promise<string | undefined> => (file === '' ? undefined : readFile(file, 'utf8'))
  return {
    ca: await load(caFile),
    cert: await load(certFile),
    key: await load(keyFile),
    servername: serverName || undefined,
    rejectUnauthorized: !skipVerify,
  }
}
