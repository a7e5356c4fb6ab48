import { BackupError } from './object-store.ts'

export interface S3Location {
  readonly bucket: string
  /** Empty, or ends with `/`. */
  readonly prefix: string
  /** Without the bucket; no slash at its end. */
  readonly endpoint: string
  readonly region: string
  readonly isPathStyle: boolean
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
}

export interface S3Flags {
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  readonly isPathStyle?: boolean | undefined
}

/**
 * Reads `s3://bucket/prefix`. Flags win over the AWS_* variables; secrets come from the environment only, since everybody on the
 * machine can read a command line.
 * @throws BackupError with every problem
 */
export function readS3Location(
  text: string,
  flags: S3Flags,
  environment: Readonly<Record<string, string | undefined>>,
): S3Location {
  const problems: string[] = []
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(text)
  if (!match)
    throw new BackupError('an S3 place is written s3://bucket or s3://bucket/prefix, credentials are not part of it')
  const prefix = (match[2] ?? '').replace(/^\/+|\/+$/g, '')
  const variable = (name: string): string | undefined => environment[name] || undefined
  const region = flags.region ?? variable('AWS_REGION') ?? variable('AWS_DEFAULT_REGION') ?? 'us-east-1'
  const given = flags.endpoint ?? variable('AWS_ENDPOINT_URL_S3') ?? variable('AWS_ENDPOINT_URL')
  const endpoint = (given ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, '')
  if (!isHttpUrl(endpoint)) problems.push('--s3.endpoint is a URL such as https://minio.example.com:9000')
  const accessKeyId = variable('AWS_ACCESS_KEY_ID') ?? ''
  const secretAccessKey = variable('AWS_SECRET_ACCESS_KEY') ?? ''
  if (accessKeyId === '') problems.push('the environment variable AWS_ACCESS_KEY_ID is not set')
  if (secretAccessKey === '') problems.push('the environment variable AWS_SECRET_ACCESS_KEY is not set')
  if (problems.length > 0) throw new BackupError(problems)
  return {
    bucket: match[1]!,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint,
    region,
    // Names as parts of a host need DNS that only AWS and a few others have.
    isPathStyle: flags.isPathStyle ?? given !== undefined,
    accessKeyId,
    secretAccessKey,
    sessionToken: variable('AWS_SESSION_TOKEN'),
  }
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === ''
}
