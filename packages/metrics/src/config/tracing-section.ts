import { z } from 'zod'
import { checked, duration, section, stringMap } from './fields.ts'
import { RESERVED_HEADERS, tlsConfig } from './http-config.ts'

/** `tracing`: where the server's own spans go. */
export const tracingSection = checked(
  section('config.plain', {
    client_type: z.string().default('grpc'),
    endpoint: z.string().default(''),
    sampling_fraction: z.number().default(0),
    insecure: z.boolean().default(false),
    tls_config: tlsConfig.optional(),
    headers: stringMap.default({}),
    compression: z.string().default(''),
    timeout: duration.default(0),
  }),
  ({ client_type: type }) =>
    type === 'grpc' || type === 'http'
      ? undefined
      : `expected tracing client type to be to be http or grpc, but got ${type}`,
  ({ headers }) => {
    const names = Object.keys(headers)
    if (names.some((name) => name.toLowerCase() === 'authorization')) {
      return 'custom authorization header configuration is not yet supported'
    }
    const reserved = names.find((name) => RESERVED_HEADERS.has(name.toLowerCase()))
    return reserved === undefined ? undefined : `${reserved} is a reserved header. It must not be changed`
  },
  ({ endpoint }) => (endpoint === '' ? 'tracing endpoint must be set' : undefined),
  ({ compression }) =>
    compression === '' || compression === 'gzip'
      ? undefined
      : `invalid compression type ${compression} provided, valid options: gzip`,
)
