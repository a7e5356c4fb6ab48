import { readFile } from 'node:fs/promises'
import type { TlsMaterial } from '@quartet/runtime'
import { body, optional, type, unsupported, withDefault } from '../graph/index.ts'
import type { Secret } from '../syntax/index.ts'

const members = {
  ca_file: withDefault(type.text, ''),
  ca_pem: withDefault(type.text, ''),
  cert_file: withDefault(type.text, ''),
  cert_pem: withDefault(type.text, ''),
  key_file: withDefault(type.text, ''),
  key_pem: optional(type.secret),
  server_name: withDefault(type.text, ''),
  insecure_skip_verify: withDefault(type.bool, false),
  min_version: unsupported,
} as const

/** `tls_config` of prometheus.* and loki.* clients. */
export const tlsConfigSchema = body(members, bothGiven)

/** `tls` of otelcol clients. */
export const otelcolTlsSchema = body(
  {
    ...members,
    insecure: withDefault(type.bool, false),
    max_version: unsupported,
    cipher_suites: unsupported,
    reload_interval: unsupported,
    include_system_ca_certs_pool: unsupported,
    tpm: unsupported,
  },
  bothGiven,
)

interface TlsSettings {
  readonly ca_file: string
  readonly ca_pem: string
  readonly cert_file: string
  readonly cert_pem: string
  readonly key_file: string
  readonly key_pem: Secret | undefined
  readonly server_name: string
  readonly insecure_skip_verify: boolean
}

function bothGiven(tls: TlsSettings): string | undefined {
  if (tls.ca_file && tls.ca_pem) return 'at most one of ca_pem and ca_file must be configured'
  if (tls.cert_file && tls.cert_pem) return 'at most one of cert_pem and cert_file must be configured'
  if (tls.key_file && tls.key_pem) return 'at most one of key_pem and key_file must be configured'
  return undefined
}

/** Reads the files once, at the start of a component. @throws the error of a file that cannot be read */
export async function loadTls(tls: TlsSettings | undefined): Promise<TlsMaterial | undefined> {
  if (!tls) return undefined
  const load = async (file: string, pem: string): Promise<string | undefined> =>
    file === '' ? pem || undefined : readFile(file, 'utf8')
  return {
    ca: await load(tls.ca_file, tls.ca_pem),
    cert: await load(tls.cert_file, tls.cert_pem),
    key: await load(tls.key_file, tls.key_pem?.text ?? ''),
    servername: tls.server_name || undefined,
    rejectUnauthorized: !tls.insecure_skip_verify,
  }
}
