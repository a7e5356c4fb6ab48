import { z } from 'zod'
import { checked, refreshInterval, secret, section } from '../fields.ts'

/** Keys of `ovhcloud_sd_configs`. */
export const ovhcloud = checked(
  section(
    'ovhcloud.plain',
    {
      endpoint: z.string().default('ovh-eu'),
      application_key: z.string().default(''),
      application_secret: secret.default(''),
      consumer_key: secret.default(''),
      refresh_interval: refreshInterval(60_000),
      service: z.string().default(''),
    },
    'empty or null section in ovhcloud_sd_configs',
  ),
  (ovhcloudSection) => {
    if (ovhcloudSection.endpoint === '') return 'endpoint can not be empty'
    if (ovhcloudSection.application_key === '') return 'application key can not be empty'
    if (ovhcloudSection.application_secret === '') return 'application secret can not be empty'
    if (ovhcloudSection.consumer_key === '') return 'consumer key can not be empty'
    const { service } = ovhcloudSection
    return service === 'vps' || service === 'dedicated_server' ? undefined : `unknown service: ${service}`
  },
)
