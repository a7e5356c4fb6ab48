import { z } from 'zod'
import { checked, optionalText, port, refreshInterval, secret, section } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `azure_sd_configs`. */
export const azure = checked(
  section(
    'azure.plain',
    {
      environment: z.string().default('AzurePublicCloud'),
      port: port(80),
      subscription_id: z.string().default(''),
      tenant_id: z.string().default(''),
      client_id: z.string().default(''),
      client_secret: secret.default(''),
      refresh_interval: refreshInterval(300_000),
      authentication_method: z.string().default('OAuth'),
      resource_group: optionalText,
      ...httpFields,
    },
    'empty or null section in azure_sd_configs',
  ),
  (azureSection) => {
    const { authentication_method: method } = azureSection
    const required = ['subscription_id', ...(method === 'OAuth' ? ['tenant_id', 'client_id', 'client_secret'] : [])]
    const missing = required.find((key) => azureSection[key as 'tenant_id'] === '')
    if (missing !== undefined) return `azure SD configuration requires a ${missing}`
    if (METHODS.includes(method)) return undefined
    return `unknown authentication_type "${method}". Supported types are "OAuth", "ManagedIdentity" or "SDK"`
  },
  checkHttp,
)

const METHODS = ['OAuth', 'ManagedIdentity', 'SDK']
