import { HttpError } from '@quartet/runtime'

/**
 * The `tags` parameter of a search: logfmt, one line, each name once.
 * @throws HttpError 400 with upstream's text; positions count from 1
 */
export function parseTags(text: string): Map<string, string> {
  const tags = new Map<string, string>()
  let at = 0
  const fail = (message: string): never => {
    throw new HttpError(400, `invalid tags: ${message}`)
  }
  while (at < text.length) {
    if (text.charCodeAt(at) <= 32) {
      at++
      continue
    }
    const start = at
    while (at < text.length && text[at] !== '=' && text[at] !== '"' && text.charCodeAt(at) > 32) at++
    if (at === start || text[at] === '"') fail(`unexpected '${text[at]}' at pos ${at + 1}`)
    const name = text.slice(start, at)
    let value = ''
    if (text[at] === '=') {
      at++
      if (text[at] === '"') {
        const literal = /^"(?:[^"\\]|\\[^])*"/.exec(text.slice(at))
        if (literal === null) fail(`unterminated quoted value at pos ${text.length + 1}`)
        value = unquote(literal![0])
        at += literal![0].length
      } else {
        const from = at
        while (at < text.length && text.charCodeAt(at) > 32) {
          if (text[at] === '=' || text[at] === '"') fail(`unexpected '${text[at]}' at pos ${at + 1}`)
          at++
        }
        value = text.slice(from, at)
      }
    }
    if (tags.has(name)) fail(`tag ${name} has been set twice`)
    tags.set(name, value)
  }
  return tags
}

function unquote(literal: string): string {
  try {
    return JSON.parse(literal) as string
  } catch {
    throw new HttpError(400, 'invalid tags: invalid quoted value') // JSON and logfmt have the same escapes
  }
}
