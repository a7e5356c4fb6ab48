import { z } from 'zod'
import { checked, isSet, optionalText, secret, stringMap } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    api_url: optionalText,
    sigv4: z
      .strictObject({
        region: optionalText,
        access_key: optionalText,
        secret_key: secret.optional(),
        profile: optionalText,
        role_arn: optionalText,
        external_id: optionalText,
        use_fips_sts_endpoint: z.boolean().optional(),
      })
      .default({}),
    topic_arn: optionalText,
    phone_number: optionalText,
    target_arn: optionalText,
    subject: z.string().default('{{ template "sns.default.subject" . }}'),
    message: z.string().default('{{ template "sns.default.message" . }}'),
    attributes: stringMap.optional(),
  }),
  function* (config) {
    const targets = [config.target_arn, config.topic_arn, config.phone_number].filter(isSet).length
    if (targets !== 1) yield 'must provide either a Target ARN, Topic ARN, or Phone Number for SNS config'
    const { sigv4 } = config
    if (isSet(sigv4.access_key) !== isSet(sigv4.secret_key)) {
      yield 'must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SNS config'
    }
  },
)

/** Read and checked; sending is not built yet. */
export const sns = defineReceiver<z.infer<typeof schema>>({
  name: 'sns',
  key: 'sns_configs',
  schema,
  unsupported: 'sns_configs are not supported yet: their notifications fail',
  complete: (config, global) => ({ ...config, http_config: config.http_config ?? global.http_config }),
})
