import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Secret } from '../../config/secret.ts'
import type { JsonClient } from '../json-client.ts'
import { NotifyError } from '../notify-error.ts'
import { signRequest } from './sigv4.ts'
import type { AwsCredentials } from './sigv4.ts'

export interface SigV4Config {
  readonly access_key?: string | undefined
  readonly secret_key?: Secret | undefined
  readonly profile?: string | undefined
  readonly role_arn?: string | undefined
  readonly external_id?: string | undefined
}

interface Context {
  readonly client: JsonClient
  readonly region: string
  readonly nowMs: number
  readonly signal: AbortSignal
}

/**
 * The settings' own keys, else those of the environment, else those of a profile in `~/.aws/credentials`; then the role, when one
 * is named. Machine and container roles are not looked for.
 * @throws NotifyError
 */
export async function readCredentials(config: SigV4Config, context: Context): Promise<AwsCredentials> {
  const own =
    configured(config) ?? (config.profile ? undefined : fromEnvironment()) ?? (await fromProfile(config.profile))
  return config.role_arn ? assumeRole(own, config.role_arn, config.external_id, context) : own
}

function configured({ access_key: accessKey, secret_key: secret }: SigV4Config): AwsCredentials | undefined {
  return accessKey ? { accessKey, secretKey: secret?.reveal() ?? '' } : undefined
}

function fromEnvironment(): AwsCredentials | undefined {
  const {
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = process.env
  return accessKey && secretKey ? { accessKey, secretKey, sessionToken } : undefined
}

async function fromProfile(name = process.env['AWS_PROFILE'] ?? 'default'): Promise<AwsCredentials> {
  const path = process.env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(homedir(), '.aws', 'credentials')
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new NotifyError(`no AWS credentials: neither in the settings, nor in AWS_ACCESS_KEY_ID, nor in ${path}`, {
      canRetry: false,
      cause,
    })
  }
  const values = new Map<string, string>()
  let section = ''
  for (const line of text.split(/\r?\n/)) {
    section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1].trim() ?? section
    const pair = /^\s*([^#;=\s]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (pair && section === name) values.set(pair[1], pair[2])
  }
  const [accessKey, secretKey] = [values.get('aws_access_key_id'), values.get('aws_secret_access_key')]
  if (!accessKey || !secretKey)
    throw new NotifyError(`no AWS credentials of profile ${name} in ${path}`, { canRetry: false })
  return { accessKey, secretKey, sessionToken: values.get('aws_session_token') }
}

async function assumeRole(
  credentials: AwsCredentials,
  role: string,
  externalId: string | undefined,
  { client, nowMs, region, signal }: Context,
): Promise<AwsCredentials> {
  const form = new URLSearchParams({ Action: 'AssumeRole', Version: '2011-06-15', RoleArn: role })
  form.set('RoleSessionName', `alertmanager-${nowMs}`)
  if (externalId) form.set('ExternalId', externalId)
  const url = process.env['AWS_ENDPOINT_URL_STS'] ?? `https://sts.${region}.amazonaws.com/`
  const body = form.toString()
  const headers = signRequest({ url, body, service: 'sts', region, credentials, nowMs })
  const reply = (await client.post({ url, body, headers, signal })).body.toString('utf8')
  const value = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(reply)?.[1] ?? ''
  const assumed = { accessKey: value('AccessKeyId'), secretKey: value('SecretAccessKey') }
  if (assumed.accessKey === '')
    throw new NotifyError(`cannot assume ${role}: no credentials in the answer`, { canRetry: true })
  return { ...assumed, sessionToken: value('SessionToken') }
}
