/**
 * Where to go after signing in. Only paths of this server are followed, so that a link to the login page cannot lead
 * elsewhere.
 */
export function redirectTarget(search: string, fallback: string): string {
  const wanted = new URLSearchParams(search).get('redirectTo')
  if (wanted === null || !/^\/(?![/\\])/.test(wanted) || /[\t\r\n]/.test(wanted)) return fallback
  return wanted.startsWith('/login') ? fallback : wanted
}
