import { readFile } from 'node:fs/promises'
import { body, optional, type, withDefault } from '../../graph/index.ts'
import type { Decoded } from '../../graph/index.ts'

/** The `tls` block of otelcol clients. */
export const clientTlsSchema = body({
  ca_file: withDefault(type.text, ''),
  ca_pem: withDefault(type.text, ''),
  cert_file: withDefault(type.text, ''),
  cert_pem: withDefault(type.text, ''),
  key_file: withDefault(type.text, ''),
  key_pem: optional(type.secret),
  server_name: withDefault(type.text, ''),
  insecure: withDefault(type.bool, false),
  insecure_skip_verify: withDefault(type.bool, false),
})

export type ClientTls = Decoded<typeof clientTlsSchema>

export interface TlsMaterial {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly servername: string | undefined
  readonly rejectUnauthorized: boolean
}

export async function loadTls(tls: ClientTls): Promise<TlsMaterial> {
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
