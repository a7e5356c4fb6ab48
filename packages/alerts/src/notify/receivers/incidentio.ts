import { z } from 'zod'
import { checked, goDuration, goDurationMs, isSet, secret, secretUrl, text, whole } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson } from '../go-json.ts'
import { readSecret } from '../json-client.ts'
import { NotifyError } from '../notify-error.ts'
import { defineReceiver } from '../notifier.ts'
import type { HttpReply } from '@quartet/runtime'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    url: secretUrl.optional(),
    url_file: text,
    alert_source_token: secret.optional(),
    alert_source_token_file: text,
    max_alerts: whole.nonnegative().default(0),
    timeout: goDuration.default('0s'),
  }),
  function* (config) {
    if (!isSet(config.url) && !isSet(config.url_file)) yield 'one of url or url_file must be configured'
    if (isSet(config.url) && isSet(config.url_file)) yield 'at most one of url & url_file must be configured'
    if (isSet(config.alert_source_token) && isSet(config.alert_source_token_file))
      yield 'at most one of alert_source_token & alert_source_token_file must be configured'
    const hasToken = isSet(config.alert_source_token) || isSet(config.alert_source_token_file)
    if (config.http_config?.authorization && hasToken) {
      yield 'cannot specify alert_source_token or alert_source_token_file when using http_config.authorization'
    }
    if (!config.http_config?.authorization && !hasToken) {
      yield 'at least one of alert_source_token, alert_source_token_file or http_config.authorization must be configured'
    }
  },
)

/** Posts the whole group to an alert source of incident.io. */
export const incidentio = defineReceiver<z.infer<typeof schema>>({
  name: 'incidentio',
  key: 'incidentio_configs',
  schema,
  complete: (config, global) => ({ ...config, http_config: config.http_config ?? global.http_config }),
  create(config, { http, logger }) {
    const client = http(config.http_config!)
    const timeoutMs = goDurationMs(config.timeout)
    return {
      async notify({ data, groupKey, signal }) {
        const all = data.Alerts.toJSON()
        const limit = config.max_alerts === 0 ? all.length : config.max_alerts
        const encode = (count: number): string => {
          const truncatedAlerts = Math.max(0, all.length - limit)
          return (
            goJson({ ...data.toJSON(), alerts: all.slice(0, count), version: '1', groupKey, truncatedAlerts }) + '\n'
          )
        }
        let body = encode(limit)
        if (Buffer.byteLength(body) > MAX_PAYLOAD_BYTES) {
          // One alert opens the incident; the others are details.
          body = encode(1)
          logger.warn({ groupKey, bytes: Buffer.byteLength(body) }, 'Truncated alert content due to payload size limit')
        }
        const token = config.alert_source_token?.reveal() ?? (await readSecret(config.alert_source_token_file))
        const url = config.url?.reveal() ?? (await readSecret(config.url_file)) ?? ''
        const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
        try {
          await client.post({ url, body, headers, signal, timeoutMs, retryStatuses: [429], details: refusal })
        } catch (error) {
          if (!(error instanceof NotifyError) || !/timed out after/.test(error.message)) throw error
          const message = `${error.message}: configured incident.io timeout reached (${config.timeout})`
          throw new NotifyError(message, { canRetry: true, cause: error })
        }
      },
    }
  },
})

const MAX_PAYLOAD_BYTES = 512 * 1024

function refusal(reply: HttpReply): string {
  try {
    const { error, errors, message } = JSON.parse(reply.body.toString('utf8')) as {
      message?: string
      error?: string
      errors?: string[]
    }
    return [message, error, errors?.join(', ')].filter(Boolean).join(': ')
  } catch (problem) {
    if (problem instanceof SyntaxError) return ''
    throw problem
  }
}
