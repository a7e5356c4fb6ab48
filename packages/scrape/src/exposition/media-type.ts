export interface MediaType {
  /** `type/subtype`, lower case. */
  readonly name: string
  readonly parameters: Readonly<Record<string, string>>
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/

/**
 * Parses a Content-Type as Go's `mime.ParseMediaType` does for the types that scrape targets send.
 * @throws Error with Go's message, without its `mime: ` prefix
 */
export function parseMediaType(text: string): MediaType {
  const [first, ...rest] = splitParameters(text)
  const name = checkName(first.trim())
  const parameters: Record<string, string> = {}
  for (const part of rest) {
    if (part.trim() === '') continue
    const equals = part.indexOf('=')
    const key = part.slice(0, equals).trim().toLowerCase()
    if (equals < 0 || TOKEN.exec(key)?.[0] !== key) throw new Error('invalid media parameter')
    if (key in parameters) throw new Error('duplicate parameter name')
    const value = part.slice(equals + 1).trim()
    parameters[key] = value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value
  }
  return { name, parameters }
}

function checkName(text: string): string {
  const type = TOKEN.exec(text)?.[0]
  if (type === undefined) throw new Error('no media type')
  if (type.length === text.length) return text.toLowerCase()
  if (text[type.length] !== '/') throw new Error('expected slash after first token')
  const rest = text.slice(type.length + 1)
  const subtype = TOKEN.exec(rest)?.[0]
  if (subtype === undefined) throw new Error('expected token after slash')
  if (subtype.length !== rest.length) throw new Error('unexpected content after media subtype')
  return text.toLowerCase()
}

/** Splits at semicolons that are not inside quotes. */
function splitParameters(text: string): string[] {
  const parts: string[] = []
  let part = ''
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (char === '"') quoted = !quoted
    if (char === '\\' && quoted) part += char + text[++index]
    else if (char === ';' && !quoted) {
      parts.push(part)
      part = ''
    } else part += char
  }
  parts.push(part)
  return parts
}
