/** Values of the Cookie header; the first of several with one name counts. */
export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  for (const part of (header ?? '').split(';')) {
    const separator = part.indexOf('=')
    const name = part.slice(0, separator).trim()
    if (separator > 0 && !cookies.has(name)) cookies.set(name, part.slice(separator + 1).trim())
  }
  return cookies
}

export interface CookieOptions {
  readonly path: string
  /** 0 removes the cookie. */
  readonly maxAgeSeconds: number
  readonly isSecure: boolean
  /** `disabled` leaves the attribute out. */
  readonly sameSite: string
  readonly isHttpOnly: boolean
}

/** A Set-Cookie header. `value` must consist of characters that need no quoting. */
export function formatCookie(name: string, value: string, options: CookieOptions): string {
  const parts = [`${name}=${value}`, `Path=${options.path}`, `Max-Age=${options.maxAgeSeconds}`]
  if (options.isHttpOnly) parts.push('HttpOnly')
  if (options.isSecure) parts.push('Secure')
  if (options.sameSite !== 'disabled')
    parts.push(`SameSite=${options.sameSite[0].toUpperCase()}${options.sameSite.slice(1)}`)
  return parts.join('; ')
}
