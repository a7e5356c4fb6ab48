import { z } from 'zod'
import { checked, goDuration, goDurationMs, isSet, secretUrl, text, whole } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson } from '../go-json.ts'
import { readSecret } from '../json-client.ts'
import { defineReceiver } from '../notifier.ts'
import { NotifyError } from '../notify-error.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    url: secretUrl.optional(),
    url_file: text,
    max_alerts: whole.nonnegative().default(0),
    timeout: goDuration.default('0s'),
  }),
  function* ({ url, url_file }) {
    if (!isSet(url) && !isSet(url_file)) yield 'one of url or url_file must be configured'
    if (isSet(url) && isSet(url_file)) yield 'at most one of url & url_file must be configured'
  },
)

/** Posts the whole group as JSON: upstream's payload, version 4. */
export const webhook = defineReceiver<z.infer<typeof schema>>({
  name: 'webhook',
  key: 'webhook_configs',
  schema,
  complete: (config, global) => ({ ...config, http_config: config.http_config ?? global.http_config }),
  create(config, options) {
    const client = options.http(config.http_config!)
    const timeoutMs = goDurationMs(config.timeout)
    return {
      async notify({ data, groupKey, signal }) {
        const { truncatedAlerts, alerts } = limitAlerts(data.Alerts.toJSON(), config.max_alerts)
        // Upstream leaves out nothing here: an absent annotation set is {}.
        const message = { ...data.toJSON(), alerts, version: '4', groupKey, truncatedAlerts }
        const url = config.url?.reveal() ?? (await readSecret(config.url_file)) ?? ''
        try {
          await client.post({ url, body: goJson(message) + '\n', signal, timeoutMs })
        } catch (error) {
          if (!(error instanceof NotifyError) || !/timed out after/.test(error.message)) throw error
          throw new NotifyError(`${error.message}: configured webhook timeout (${config.timeout}) exceeded`, {
            canRetry: true,
            cause: error,
          })
        }
      },
    }
  },
})

function limitAlerts<T>(alerts: readonly T[], limit: number): { alerts: readonly T[]; truncatedAlerts: number } {
  if (limit === 0 || alerts.length <= limit) return { alerts, truncatedAlerts: 0 }
  return { alerts: alerts.slice(0, limit), truncatedAlerts: alerts.length - limit }
}
