import { HttpError } from '@quartet/runtime'
import type { IncomingMessage } from 'node:http'
import type { Settings } from '../config/settings.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * Refuses what another site makes a browser send: an Origin that is neither the host that was asked, nor root_url's, nor trusted.
 * Programs send no Origin and are not concerned.
 * @throws HttpError 403
 */
export function checkOrigin(request: IncomingMessage, settings: Settings): void {
  if (SAFE_METHODS.has(request.method ?? 'GET') && request.headers.upgrade === undefined) return
  const { origin, host } = request.headers
  if (origin === undefined) return
  const originHost = URL.canParse(origin) ? new URL(origin).host : ''
  if (originHost !== '' && originHost === host) return
  const allowed = settings
    .text('security', 'csrf_trusted_origins')
    .split(/[\s,]+/)
    .filter(Boolean)
  allowed.push(new URL(settings.text('server', 'root_url')).host)
  if (originHost === '' || !allowed.includes(originHost)) throw new HttpError(403, 'origin not allowed')
}
