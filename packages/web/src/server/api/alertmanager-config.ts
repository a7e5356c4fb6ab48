import type { AlertmanagerConfigDto } from '../../common/alerting.ts'

const HIDDEN = '<secret>'

/** Keys of alertmanager.yml whose values give access to something. */
const SECRET_KEYS = new Set([
  'api_key',
  'app_token',
  'bot_token',
  'credentials',
  'incoming_webhook_url',
  'routing_key',
  'secret_key',
  'service_key',
  'token',
  'user_key',
  'webhook_url',
])

/** Under these kinds of receivers the address itself is the secret. */
const SECRET_URLS: Readonly<Record<string, readonly string[]>> = {
  slack_configs: ['api_url'],
  webhook_configs: ['url'],
}

/**
 * The configuration as an Alertmanager prints it, fit to be shown: Alertmanagers hide their secrets themselves, but not
 * every version hides every one, so values of keys that hold secrets are hidden here again.
 */
export function readAlertmanagerConfig(config: unknown): AlertmanagerConfigDto {
  return hide(config, []) as AlertmanagerConfigDto
}

function hide(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => hide(item, path))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === 'string' && inner !== '' && isSecret(key, path) ? HIDDEN : hide(inner, [...path, key]),
    ]),
  )
}

function isSecret(key: string, path: readonly string[]): boolean {
  if (key.endsWith('_file') || key.endsWith('_ref')) return false
  if (SECRET_KEYS.has(key) || /(^|_)(password|secret)$/.test(key)) return true
  if (key === 'slack_api_url') return true
  return path.some((part) => SECRET_URLS[part]?.includes(key) === true)
}
