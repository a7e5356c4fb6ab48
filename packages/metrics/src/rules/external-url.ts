import { hostname } from 'node:os'

/**
 * Where people reach this server, without a slash at the end: what links in notifications begin with.
 * @param given `--web.external-url`
 * @param listening the URL that is served
 */
export function externalUrlOf(given: string, listening: string): string {
  if (given !== '') return given.replace(/\/+$/, '')
  const url = new URL(listening)
  // Upstream names the machine; who listens on loopback only cannot be reached by that name.
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = hostname()
  return url.origin
}
