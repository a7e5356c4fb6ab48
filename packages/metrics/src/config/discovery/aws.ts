import { z } from 'zod'
import { checked, listOf, optionalText, port, refreshInterval, secret, section, texts, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

const account = {
  region: z.string().default(''),
  endpoint: url.optional(),
  access_key: optionalText,
  secret_key: secret.optional(),
  profile: optionalText,
  role_arn: optionalText,
  external_id: optionalText,
}
const filters = listOf(
  section('aws.EC2Filter', { name: z.string().default(''), values: z.array(z.string()).default([]) }),
).default([])
const timing = { port: port(80), refresh_interval: refreshInterval(60_000) }

function filtersProblem(target: { filters: readonly { values: readonly string[] }[] }): string | undefined {
  const isEmpty = target.filters.some(({ values }) => values.length === 0)
  return isEmpty ? 'EC2 SD configuration filter values cannot be empty' : undefined
}

/** Keys of `ec2_sd_configs`. */
export const ec2 = checked(
  section('aws.plain', { ...account, filters, ...timing, ...httpFields }, 'empty or null section in ec2_sd_configs'),
  filtersProblem,
  checkHttp,
)

/** Keys of `lightsail_sd_configs`. */
export const lightsail = checked(
  section('aws.plain', { ...account, ...timing, ...httpFields }, 'empty or null section in lightsail_sd_configs'),
  checkHttp,
)

const containers = { clusters: texts, request_concurrency: z.number().int().default(20) }

/** Keys of `ecs_sd_configs`. */
export const ecs = checked(
  section(
    'aws.plain',
    { ...account, ...containers, ...timing, ...httpFields },
    'empty or null section in ecs_sd_configs',
  ),
  checkHttp,
)

/** Keys of `aws_sd_configs`, which stand for one of the three. */
export const aws = checked(
  section(
    'aws.plain',
    { role: z.string().default(''), ...account, filters, ...containers, ...timing, ...httpFields },
    'empty or null section in aws_sd_configs',
  ),
  ({ role }) => {
    if (role === '') return 'role missing (one of: ec2, ecs, lightsail)'
    return ['ec2', 'ecs', 'lightsail'].includes(role) ? undefined : `unknown AWS SD role "${role}"`
  },
  filtersProblem,
  checkHttp,
)
