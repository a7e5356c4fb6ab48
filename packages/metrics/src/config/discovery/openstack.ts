import { z } from 'zod'
import { checked, optionalText, port, refreshInterval, secret, section, url } from '../fields.ts'
import { tlsConfig } from '../http-config.ts'

/** Keys of `openstack_sd_configs`. */
export const openstack = checked(
  section(
    'openstack.plain',
    {
      identity_endpoint: url.optional(),
      username: optionalText,
      userid: optionalText,
      password: secret.optional(),
      project_name: optionalText,
      project_id: optionalText,
      domain_name: optionalText,
      domain_id: optionalText,
      application_credential_name: optionalText,
      application_credential_id: optionalText,
      application_credential_secret: secret.optional(),
      role: z.string().default(''),
      region: z.string().default(''),
      refresh_interval: refreshInterval(60_000),
      port: port(80),
      all_tenants: z.boolean().default(false),
      tls_config: tlsConfig.optional(),
      availability: z.string().default('public'),
    },
    'empty or null section in openstack_sd_configs',
  ),
  ({ availability, role, region }) => {
    if (!['admin', 'internal', 'public'].includes(availability)) {
      return `unknown availability ${availability}, must be one of admin, internal or public`
    }
    if (role === '') return 'role missing (one of: instance, hypervisor, loadbalancer)'
    if (!['instance', 'hypervisor', 'loadbalancer'].includes(role)) return `unknown OpenStack SD role "${role}"`
    return region === '' ? 'openstack SD configuration requires a region' : undefined
  },
)
