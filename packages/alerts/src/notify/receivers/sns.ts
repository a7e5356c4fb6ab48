import { z } from 'zod'
import { checked, isSet, optionalText, secret, stringMap } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { readCredentials } from '../aws/credentials.ts'
import { signRequest } from '../aws/sigv4.ts'
import { hashKey } from '../hash-key.ts'
import { NotifyError } from '../notify-error.ts'
import { defineReceiver } from '../notifier.ts'
import type { Notification } from '../notifier.ts'
import type { Expander } from '../template/notification-templates.ts'
import type { HttpReply } from '@quartet/runtime'

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

/** Publishes one message per notification to a topic, a phone or an endpoint of Amazon SNS. */
export const sns = defineReceiver<z.infer<typeof schema>>({
  name: 'sns',
  key: 'sns_configs',
  schema,
  complete: (config, global) => ({ ...config, http_config: config.http_config ?? global.http_config }),
  create(config, { http, templates }) {
    const client = http(config.http_config!)
    return {
      async notify(notification) {
        const { data, nowMs, signal } = notification
        const expand = templates.expander(data)
        const region = config.sigv4.region || process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION']
        if (!region) {
          const message = 'region not configured in sns.sigv4.region or in default credentials chain'
          throw new NotifyError(message, { canRetry: false })
        }
        const body = publishForm(config, notification, expand)
        const url = expand(config.api_url ?? '') || `https://sns.${region}.amazonaws.com/`
        const credentials = await readCredentials(config.sigv4, { client, region, nowMs, signal })
        const headers = signRequest({ url, body, service: 'sns', region, credentials, nowMs })
        await client.post({ url, body, headers, signal, details: refusal })
      },
    }
  },
})

const MAX_MESSAGE_BYTES = 256 * 1024
const MAX_SMS_BYTES = 1600

/** The form of `Publish` in the query protocol. */
function publishForm(config: z.infer<typeof schema>, { groupKey }: Notification, expand: Expander): string {
  const form = new URLSearchParams({ Action: 'Publish', Version: '2010-03-31' })
  const attributes = new Map(
    Object.entries(config.attributes ?? {}).map(([name, value]) => [expand(name), expand(value)] as const),
  )
  if (config.topic_arn) {
    const topic = expand(config.topic_arn)
    form.set('TopicArn', topic)
    if (topic.endsWith('.fifo')) {
      form.set('MessageDeduplicationId', hashKey(groupKey))
      form.set('MessageGroupId', hashKey(groupKey))
    }
  }
  if (config.phone_number) form.set('PhoneNumber', expand(config.phone_number))
  if (config.target_arn) form.set('TargetArn', expand(config.target_arn))
  const message = Buffer.from(expand(config.message))
  const limit = config.phone_number ? MAX_SMS_BYTES : MAX_MESSAGE_BYTES
  if (message.length > limit) attributes.set('truncated', 'true')
  // A character that the cut goes through is dropped.
  form.set(
    'Message',
    message
      .subarray(0, limit)
      .toString('utf8')
      .replace(/\ufffd$/, ''),
  )
  const subject = expand(config.subject)
  if (subject !== '') form.set('Subject', subject)
  let index = 0
  for (const [name, value] of attributes) {
    const entry = `MessageAttributes.entry.${++index}`
    form.set(`${entry}.Name`, name)
    form.set(`${entry}.Value.DataType`, 'String')
    form.set(`${entry}.Value.StringValue`, value)
  }
  return form.toString()
}

/** `<ErrorResponse><Error>…<Message>why</Message>` */
function refusal(reply: HttpReply): string {
  const text = reply.body.toString('utf8')
  return /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? text
}
