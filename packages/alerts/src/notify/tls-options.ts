import { readFile } from 'node:fs/promises'
import type { ConnectionOptions, SecureVersion } from 'node:tls'
import type { TlsConfig } from '../config/http-config.ts'
import { NotifyError } from './notify-error.ts'

/** Upstream's names of versions. */
export const TLS_VERSIONS: Readonly<Record<NonNullable<TlsConfig['min_version']>, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}

/** `tls_config` as Node wants it, files read now; only keys that are set. @throws NotifyError */
export async function tlsOptions(tls: TlsConfig | undefined): Promise<ConnectionOptions> {
  if (!tls) return {}
  const options: ConnectionOptions = {
    ca: tls.ca || (await readText(tls.ca_file)),
    cert: tls.cert || (await readText(tls.cert_file)),
    key: tls.key?.reveal() || (await readText(tls.key_file)),
    servername: tls.server_name || undefined,
    rejectUnauthorized: tls.insecure_skip_verify ? false : undefined,
    minVersion: tls.min_version && TLS_VERSIONS[tls.min_version],
    maxVersion: tls.max_version && TLS_VERSIONS[tls.max_version],
  }
  // node:tls takes an absent option and an undefined one for different things.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

async function readText(path: string | undefined): Promise<string | undefined> {
  if (!path) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new NotifyError(`parse TLS configuration: ${message}`, { canRetry: false, cause: error })
  }
}
