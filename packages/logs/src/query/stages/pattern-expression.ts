import { StageError } from './stage.ts'

/** Parts of a pattern: literal text and captures (named, or `_` for those that are only skipped). */
export type PatternPart = { readonly literal: string } | { readonly capture: string }

const PART = /<([a-zA-Z_][a-zA-Z0-9_]*)>/g

export function parsePattern(pattern: string): readonly PatternPart[] {
  const parts: PatternPart[] = []
  let last = 0
  for (const match of pattern.matchAll(PART)) {
    if (match.index > last) parts.push({ literal: pattern.slice(last, match.index) })
    parts.push({ capture: match[1] })
    last = match.index + match[0].length
  }
  if (last < pattern.length) parts.push({ literal: pattern.slice(last) })
  return parts
}

/** @throws StageError with upstream's text */
export function checkPattern(parts: readonly PatternPart[], use: 'stage' | 'line_filter'): void {
  const names = parts.flatMap((part) => ('capture' in part && part.capture !== '_' ? [part.capture] : []))
  if (use === 'stage' && names.length === 0) throw new StageError('at least one capture is required')
  if (use === 'line_filter' && names.length > 0) throw new StageError('named captures are not allowed')
  for (let index = 1; index < parts.length; index++) {
    const [before, part] = [parts[index - 1], parts[index]]
    if ('capture' in before && 'capture' in part) {
      throw new StageError(`found consecutive capture '<${before.capture}><${part.capture}>': invalid expression`)
    }
  }
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw new StageError(`duplicate capture name (${repeated}): invalid expression`)
}

/** Captures of the line, unnamed ones left out; undefined when the line does not begin like the pattern. */
export function matchPattern(parts: readonly PatternPart[], line: string): readonly string[] | undefined {
  if (line === '') return undefined
  const captures: string[] = []
  let at = 0
  let index = 0
  if (parts.length > 0 && 'literal' in parts[0]) {
    if (!line.startsWith(parts[0].literal)) return undefined
    at = parts[0].literal.length
    index = 1
  }
  for (; index < parts.length; index += 2) {
    const part = parts[index]
    const following = parts[index + 1]
    const name = 'capture' in part ? part.capture : '_'
    const end = following && 'literal' in following ? line.indexOf(following.literal, at) : -1
    if (name !== '_') captures.push(end < 0 ? line.slice(at) : line.slice(at, end))
    if (end < 0) return captures
    at = end + (following && 'literal' in following ? following.literal.length : 0)
  }
  return captures
}

/** Whether the whole line has the pattern's form: every capture takes at least one character. */
export function testPattern(parts: readonly PatternPart[], line: string): boolean {
  if (line === '' || parts.length === 0) return line === '' && parts.length === 0
  let at = 0
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]
    if (!('literal' in part)) continue
    const found = line.indexOf(part.literal, at)
    if (found < 0 || (index > 0 && found === at) || (index === 0 && found !== 0)) return false
    at = found + part.literal.length
  }
  return 'capture' in parts[parts.length - 1] === at < line.length
}
