import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryDirectory } from './temporary-directory.ts'

const run = promisify(execFile)
/** bcrypt of `secret`, at the least cost that there is. */
const HASH = '$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a'

/** PEM texts; the files `ca.pem`, `<name>.pem` and `<name>.key` lie in the directory. */
export interface Certificates {
  readonly ca: string
  readonly server: { readonly cert: string; readonly key: string }
  readonly client: { readonly cert: string; readonly key: string }
  /** Of a client whose issuer nobody knows. */
  readonly stranger: { readonly cert: string; readonly key: string }
}

/** Real certificates by openssl: an authority, a server on 127.0.0.1, a client, and a client that signed for itself. */
export async function createCertificates(directory: string): Promise<Certificates> {
  const path = (name: string): string => join(directory, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const create = async (name: string, signer: readonly string[]): Promise<{ cert: string; key: string }> => {
    const files = ['-keyout', path(`${name}.key`), '-out', path(`${name}.pem`), '-subj', `/CN=${name}`]
    await run('openssl', ['req', '-x509', ...key, ...files, ...signer])
    return { cert: await readFile(path(`${name}.pem`), 'utf8'), key: await readFile(path(`${name}.key`), 'utf8') }
  }
  const { cert: ca } = await create('ca', [])
  const signed = ['-CA', path('ca.pem'), '-CAkey', path('ca.key')]
  return {
    ca,
    server: await create('server', [...signed, '-addext', 'subjectAltName=IP:127.0.0.1']),
    client: await create('client', signed),
    stranger: await create('stranger', []),
  }
}

export interface TlsRequest {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** `user:password` */
  readonly login?: string
}

/** @throws what the TLS handshake throws */
export async function askWithTls(
  url: string,
  { login, ...tls }: TlsRequest,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }> {
  const { request } = await import('node:https')
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...tls, agent: false, ...(login !== undefined && { auth: login }) }, (response) => {
      response.resume()
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

/**
 * What every system with the flag `--web.config.file` has to do, by real TLS.
 * @param start runs the system with the file
 * @param paths that answer 200
 */
export async function checkWebConfigFile(
  start: (webConfigFile: string) => Promise<{ url: string; reload(): Promise<void>; stop(): Promise<void> }>,
  paths: readonly string[],
): Promise<void> {
  const directory = await temporaryDirectory()
  try {
    const { ca } = await createCertificates(directory.path)
    const file = join(directory.path, 'web.yml')
    const write = (user: string): Promise<void> =>
      writeFile(
        file,
        `tls_server_config: {cert_file: server.pem, key_file: server.key}\n` +
          `http_server_config: {headers: {X-Frame-Options: deny}}\nbasic_auth_users: {${user}: '${HASH}'}\n`,
      )
    await write('ada')
    const running = await start(file)
    try {
      assert.match(running.url, /^https:/)
      for (const path of paths) {
        const url = running.url + path
        const refused = await askWithTls(url, { ca })
        assert.deepEqual([refused.status, refused.headers['www-authenticate']], [401, 'Basic'], path)
        assert.equal((await askWithTls(url, { ca, login: 'ada:wrong' })).status, 401, path)
        const answer = await askWithTls(url, { ca, login: 'ada:secret' })
        assert.deepEqual([answer.status, answer.headers['x-frame-options']], [200, 'deny'], path)
      }
      await assert.rejects(askWithTls(running.url, {}), /unable to verify|self.signed/)
      await write('bob')
      await running.reload()
      assert.equal((await askWithTls(running.url + paths[0], { ca, login: 'ada:secret' })).status, 401)
      assert.equal((await askWithTls(running.url + paths[0], { ca, login: 'bob:secret' })).status, 200)
    } finally {
      await running.stop()
    }
    await writeFile(file, 'tls_server_config: {cert_file: none.pem, key_file: server.key}\n')
    await assert.rejects(start(file), /none\.pem/)
  } finally {
    await directory.remove()
  }
}
