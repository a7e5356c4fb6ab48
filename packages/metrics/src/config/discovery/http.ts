import { checked, httpUrlProblem, refreshInterval, section, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `http_sd_configs`. */
export const http = checked(
  section(
    'http.plain',
    { url: url.default(''), refresh_interval: refreshInterval(60_000), ...httpFields },
    'empty or null section in http_sd_configs',
  ),
  ({ url: address }) => httpUrlProblem(address),
  checkHttp,
)
