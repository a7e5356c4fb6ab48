/**
 * Checks where somebody is to be sent after signing in. Only paths of this server count, so that a link to the login page cannot
 * lead elsewhere; those of signing in and out would only go round in a circle.
 * @param subPath what root_url adds before every path: empty or `/grafana`
 * @returns the path; `undefined` for anything else
 */
export function localPath(wanted: string | null | undefined, subPath = ''): string | undefined {
  if (wanted === null || wanted === undefined || wanted.length > 2000) return undefined
  // Browsers take a backslash for a slash, and drop tabs and line breaks.
  if (!/^\/(?![/\\])/.test(wanted) || hasControlCharacter(wanted)) return undefined
  const path = wanted.startsWith(`${subPath}/`) ? wanted.slice(subPath.length) : wanted
  return /^\/(login|logout)(?![\w-])/.test(path) ? undefined : wanted
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}
