import { z } from 'zod'
import { checked, goDuration, isSet, secret, secretUrl, text, whole } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

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

/** Read and checked; sending is not built yet. */
export const incidentio = defineReceiver<z.infer<typeof schema>>({
  name: 'incidentio',
  key: 'incidentio_configs',
  schema,
  unsupported: 'incidentio_configs are not supported yet: their notifications fail',
  complete: (config, global) => ({ ...config, http_config: config.http_config ?? global.http_config }),
})
