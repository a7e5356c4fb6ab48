import { checked, countSet, listOf, optionalText, refreshInterval, secret, section, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `marathon_sd_configs`. */
export const marathon = checked(
  section(
    'marathon.plain',
    {
      servers: listOf(url).default([]),
      refresh_interval: refreshInterval(30_000),
      auth_token: secret.optional(),
      auth_token_file: optionalText,
      ...httpFields,
    },
    'empty or null section in marathon_sd_configs',
  ),
  (marathonSection) => {
    const { auth_token: token, auth_token_file: file } = marathonSection
    const tokens = countSet(token, file)
    if (marathonSection.servers.length === 0) return 'marathon_sd: must contain at least one Marathon server'
    if (tokens > 1) return 'marathon_sd: at most one of auth_token & auth_token_file must be configured'
    if (tokens === 0) return undefined
    if (marathonSection.basic_auth !== undefined) {
      return 'marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured'
    }
    if (countSet(marathonSection.bearer_token, marathonSection.bearer_token_file) > 0) {
      return 'marathon_sd: at most one of bearer_token, bearer_token_file, auth_token & auth_token_file must be configured'
    }
    if (marathonSection.authorization === undefined) return undefined
    return 'marathon_sd: at most one of auth_token, auth_token_file & authorization must be configured'
  },
  checkHttp,
)
