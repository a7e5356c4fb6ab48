import { createHash, createHmac } from 'node:crypto'
import { createServer, request } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What may go wrong on the way to the store. `torn`: the connection ends in the middle; `slowDown`: S3's 503. */
export type Fault = 'error500' | 'slowDown' | 'tornRequest' | 'tornResponse' | undefined

export interface TestS3 {
  readonly endpoint: string
  readonly environment: Readonly<Record<string, string>>
  /** Asked before every request. */
  fault: (method: string, path: string) => Fault
  /** `METHOD path` of every request that reached the proxy. */
  readonly requests: string[]
  close(): Promise<void>
}

interface S3rver {
  run(): Promise<AddressInfo>
  close(): Promise<void>
}

/** s3rver on loopback, behind a proxy that checks signatures and can fail. */
export async function startS3(bucket: string): Promise<TestS3> {
  const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => S3rver
  const directory = await mkdtemp(join(tmpdir(), 'quartet-s3-'))
  const options = { address: '127.0.0.1', port: 0, silent: true, directory, configureBuckets: [{ name: bucket }] }
  const server = new S3rver(options)
  const { port } = await server.run()
  const requests: string[] = []
  const proxy = createServer((incoming, outgoing) => {
    const path = incoming.url ?? ''
    requests.push(`${incoming.method} ${path}`)
    forward(incoming, outgoing, { port, fault: s3.fault(incoming.method ?? '', path) })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const s3: TestS3 = {
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    environment: { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' },
    fault: () => undefined,
    requests,
    async close() {
      await closeServer(proxy)
      await server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return s3
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, to: { port: number; fault: Fault }): void {
  if (to.fault === 'error500' || to.fault === 'slowDown') {
    incoming.resume()
    incoming.once('end', () => {
      const [status, code] = to.fault === 'error500' ? [500, 'InternalError'] : [503, 'SlowDown']
      outgoing.writeHead(status as number).end(`<Error><Code>${code}</Code><Message>again</Message></Error>`)
    })
    return
  }
  if (to.fault === 'tornRequest') {
    incoming.once('data', () => incoming.socket.destroy())
    incoming.once('end', () => incoming.socket.destroy())
    return
  }
  const { headers, method, url: path } = incoming
  const body: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => void body.push(chunk))
  incoming.once('end', () => {
    if (isSigned(incoming, Buffer.concat(body))) onward.end(Buffer.concat(body))
    else outgoing.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code><Message>it differs</Message></Error>')
  })
  const onward = request({ host: '127.0.0.1', port: to.port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
    if (to.fault !== 'tornResponse') return void answer.pipe(outgoing)
    answer.once('data', (chunk: Buffer) => {
      outgoing.write(chunk.subarray(0, Math.ceil(chunk.length / 2)), () => incoming.socket.destroy())
    })
    answer.once('end', () => incoming.socket.destroy())
  })
  onward.once('error', () => incoming.socket.destroy())
}

const SECRET = 'S3RVER'

/** AWS Signature Version 4, read from its specification: s3rver does not check it. */
function isSigned({ headers, method, url }: IncomingMessage, body: Buffer): boolean {
  const authorization = /Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)/
  const found = authorization.exec(headers.authorization ?? '')
  if (!found) return false
  const [, , day, region, names, signature] = found as unknown as string[]
  const { pathname, searchParams } = new URL(url ?? '', 'http://x')
  const hash = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')
  const sign = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
  if (hash(body) !== headers['x-amz-content-sha256']) return false
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  const query = [...searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort()
  const signed = names!.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  const canonical = [method, pathname, query.join('&'), signed.join(''), names, hash(body)].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n')
  const key = ['s3', 'aws4_request'].reduce(sign, sign(sign(`AWS4${SECRET}`, day!), region!))
  return sign(key, text).toString('hex') === signature
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
