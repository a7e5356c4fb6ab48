import { createHash, createHmac } from 'node:crypto'

export interface AwsCredentials {
  readonly accessKey: string
  readonly secretKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined
}

export interface UnsignedRequest {
  readonly url: string
  /** A form. */
  readonly body: string
  readonly service: string
  readonly region: string
  readonly credentials: AwsCredentials
  readonly nowMs: number
}

const CONTENT_TYPE = 'application/x-www-form-urlencoded; charset=utf-8'

/**
 * The headers that sign a form posted to AWS.
 * Source: AWS Signature Version 4, "Create a signed AWS API request".
 */
export function signRequest({
  body,
  credentials,
  nowMs,
  region,
  service,
  url,
}: UnsignedRequest): Record<string, string> {
  const { accessKey, secretKey, sessionToken } = credentials
  const { host, pathname, searchParams } = new URL(url)
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const headers: Record<string, string> = {
    'content-type': CONTENT_TYPE,
    host,
    'x-amz-date': time,
    ...(sessionToken && { 'x-amz-security-token': sessionToken }),
  }
  const names = Object.keys(headers).sort()
  searchParams.sort()
  const canonical = [
    'POST',
    pathname,
    searchParams.toString().replaceAll('+', '%20'),
    ...names.map((name) => `${name}:${headers[name].trim()}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretKey}`))
  const signature = hmac(key, text).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { ...headers, authorization }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
