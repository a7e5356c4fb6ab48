import type { BootData } from './api.ts'

/** Stands in the built index.html wherever the nonce of the response's Content-Security-Policy belongs. */
export const noncePlaceholder = '__QUARTET_NONCE__'

/** Stands in the built index.html where the boot data belongs, inside a script element. */
export const bootDataPlaceholder = '"__QUARTET_BOOT_DATA__"'

/**
 * Fills the built index.html for one response.
 * @param html   text of packages/web/dist/index.html
 * @param nonce  base64 text, fresh for every response, the same as in its Content-Security-Policy header
 */
export function renderPage(html: string, options: { nonce: string; bootData: BootData }): string {
  const { nonce, bootData } = options
  return html.replaceAll(noncePlaceholder, () => nonce).replace(bootDataPlaceholder, () => jsonForScript(bootData))
}

/**
 * The policy that the page works under: own scripts only (by nonce, and what those load), inline styles because the
 * component library sets them at run time, pictures from anywhere because text panels show them.
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    'img-src * data: blob:',
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** JSON that cannot end the script element it stands in. */
function jsonForScript(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
}
