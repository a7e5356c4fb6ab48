import { RE2JS, RE2JSException } from 're2js'
import { joinGlobs, matchGlob, regexShape } from './regex-shape.ts'
import type { Glob, RegexShape } from './regex-shape.ts'

/**
 * A regular expression with RE2 semantics: linear time, no back references, no look-around. It is the only way a user's
 * pattern is run anywhere in Quartet.
 */
export interface Regex {
  readonly pattern: string
  /** With `anchored`, whether the whole text matches; otherwise whether it contains a match. */
  test(text: string): boolean
  /** The leftmost match at or after `start`, or undefined. */
  exec(text: string, start?: number): RegexMatch | undefined
  /** Replaces every match; `$1`, `${1}`, `${name}` and `$$` in `replacement` as Go's Regexp.Expand reads them. */
  replaceAll(text: string, replacement: string): string
  /** Index 0 is the whole match and always `''`; unnamed groups are `''` too. */
  readonly groupNames: readonly string[]
  /** A text that every match contains, for prefiltering; undefined when none is known. */
  readonly literal: string | undefined
  /** Every match contains at least one of these; undefined when nothing is known. */
  readonly literals: readonly string[] | undefined
}

export interface RegexMatch {
  readonly start: number
  readonly end: number
  /** By group number, 0 the whole match; undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[]
}

export interface RegexOptions {
  /** The whole text must match. */
  readonly anchored?: boolean
  /** `.` matches newlines too. */
  readonly dotAll?: boolean
  readonly caseInsensitive?: boolean
}

/** A pattern that RE2 refuses; the message is Go's: error parsing regexp: missing closing ): `(`. */
export class RegexError extends Error {
  readonly pattern: string
  constructor(pattern: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'RegexError'
    this.pattern = pattern
  }
}

const CACHE_SIZE = 512
const cache = new Map<string, CompiledRegex>()

/** @throws RegexError */
export function compileRegex(pattern: string, options: RegexOptions = {}): Regex {
  const key = `${options.anchored ? 'a' : ''}${options.dotAll ? 's' : ''}${options.caseInsensitive ? 'i' : ''}/${pattern}`
  const cached = cache.get(key)
  if (cached !== undefined) {
    cache.delete(key)
    cache.set(key, cached)
    return cached
  }
  const regex = new CompiledRegex(pattern, options)
  cache.set(key, regex)
  if (cache.size > CACHE_SIZE) for (const oldest of cache.keys()) if (cache.delete(oldest)) break
  return regex
}

class CompiledRegex implements Regex {
  readonly pattern: string
  readonly literal: string | undefined
  readonly literals: readonly string[] | undefined
  readonly #isAnchored: boolean
  readonly #flags: number
  readonly #test: (text: string) => boolean
  #engine: RE2JS | undefined
  #groupNames: readonly string[] | undefined

  constructor(pattern: string, options: RegexOptions) {
    this.pattern = pattern
    this.#isAnchored = options.anchored === true
    this.#flags = (options.dotAll ? RE2JS.DOTALL : 0) | (options.caseInsensitive ? RE2JS.CASE_INSENSITIVE : 0)
    // `(?i)` in front is by far the most common flag; what follows is analysed as if it were an option.
    const isFolded = options.caseInsensitive === true || pattern.startsWith('(?i)')
    const shape = regexShape(pattern.startsWith('(?i)') ? pattern.slice(4) : pattern)
    this.literals = isFolded ? undefined : shape.required
    this.literal = this.literals?.length === 1 ? this.literals[0] : undefined
    const fast = shape.globs === undefined ? undefined : fastTest(shape.globs, { ...options, isFolded, shape })
    if (fast === undefined) {
      this.#compiled() // so that a bad pattern is refused now
      this.#test = this.literals === undefined ? (text) => this.#run(text) : this.#prefiltered(this.literals)
    } else {
      this.#test = (text) => fast(text) ?? this.#run(text)
    }
  }

  get groupNames(): readonly string[] {
    return (this.#groupNames ??= groupNamesOf(this.#compiled()))
  }

  test(text: string): boolean {
    return this.#test(text)
  }

  exec(text: string, start = 0): RegexMatch | undefined {
    if (this.literal !== undefined && !text.includes(this.literal, start)) return undefined
    const matcher = this.#compiled().matcher(text)
    if (this.#isAnchored ? start > 0 || !matcher.matches() : !matcher.find(start)) return undefined
    const groups: (string | undefined)[] = []
    for (let index = 0; index <= matcher.groupCount(); index++) groups.push(matcher.group(index) ?? undefined)
    return { start: matcher.start(), end: matcher.end(), groups }
  }

  replaceAll(text: string, replacement: string): string {
    if (this.literal !== undefined && !text.includes(this.literal)) return text
    let result = ''
    let copied = 0
    let offset = 0
    // After an empty match Go moves on by one code point and refuses an empty match that touches the match before it.
    let previousEnd = -1
    while (offset <= text.length) {
      const match = this.exec(text, offset)
      if (match === undefined) break
      if (match.end > match.start || match.start !== previousEnd) {
        result += text.slice(copied, match.start) + expandTemplate(replacement, match.groups, this.groupNames)
        copied = match.end
        previousEnd = match.end
      }
      if (match.end > offset) offset = match.end
      else offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1
      if (this.#isAnchored) break
    }
    return result + text.slice(copied)
  }

  #prefiltered(literals: readonly string[]): (text: string) => boolean {
    if (literals.length > 8) return (text) => this.#run(text)
    return (text) => {
      for (const literal of literals) if (text.includes(literal)) return this.#run(text)
      return false
    }
  }

  #run(text: string): boolean {
    const engine = this.#compiled()
    return this.#isAnchored ? engine.matches(text) : engine.test(text)
  }

  #compiled(): RE2JS {
    return (this.#engine ??= compileEngine(this.pattern, this.#flags))
  }
}

function compileEngine(pattern: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(pattern, flags)
  } catch (error) {
    if (error instanceof RE2JSException) throw new RegexError(pattern, goMessage(error.message), { cause: error })
    throw error
  }
}

/** The engine puts flags into the pattern; the text that a person wrote had none. */
function goMessage(message: string): string {
  return message.replace(/`\(\?[si]+\)/, '`')
}

/** Answers undefined for a text that needs the engine after all (newlines without dotAll, case folding beyond ASCII). */
function fastTest(
  globs: readonly Glob[],
  options: RegexOptions & { readonly isFolded: boolean; readonly shape: RegexShape },
): ((text: string) => boolean | undefined) | undefined {
  const isPlain = globs.every((glob) => glob.gaps.length === 0)
  const matchAny = options.anchored ? anchoredTest(globs) : containsTest(globs, options.shape)
  const hasInnerGap = !isPlain
  if (options.isFolded) {
    const isAscii = globs.every((glob) => glob.segments.every((segment) => ASCII.test(segment)))
    if (!isAscii) return undefined
    const lowered = globs.map((glob) => ({ ...glob, segments: glob.segments.map((segment) => segment.toLowerCase()) }))
    const matchLowered = options.anchored ? anchoredTest(lowered) : containsTest(lowered, options.shape)
    return (text) => {
      if (!ASCII.test(text) || (hasInnerGap && !options.dotAll && text.includes('\n'))) return undefined
      return matchLowered(text.toLowerCase())
    }
  }
  if (!hasInnerGap || options.dotAll) return matchAny
  return (text) => (text.includes('\n') ? undefined : matchAny(text))
}

// Only ever run over ASCII classes by us, never a user's pattern.
const ASCII = /^[\0-\x7f]*$/

function anchoredTest(globs: readonly Glob[]): (text: string) => boolean {
  const plain = new Set(globs.filter((glob) => glob.gaps.length === 0).map((glob) => glob.segments[0]))
  const others = globs.filter((glob) => glob.gaps.length > 0)
  if (others.length === 0) return plain.size === 1 ? equalTo([...plain][0]) : (text) => plain.has(text)
  if (others.length === 1 && plain.size === 0) return (text) => matchGlob(others[0], text)
  return (text) => plain.has(text) || others.some((glob) => matchGlob(glob, text))
}

function equalTo(expected: string): (text: string) => boolean {
  return (text) => text === expected
}

const ANYTHING: Glob = { segments: ['', ''], gaps: [0] }

function containsTest(globs: readonly Glob[], shape: RegexShape): (text: string) => boolean {
  const { isStartAnchored, isEndAnchored } = shape
  if (globs.length === 1 && globs[0].gaps.length === 0 && !isStartAnchored && !isEndAnchored) {
    const needle = globs[0].segments[0]
    return (text) => text.includes(needle)
  }
  const widened = globs.map((glob) => {
    const fromAnywhere = isStartAnchored ? glob : joinGlobs(ANYTHING, glob)
    return isEndAnchored ? fromAnywhere : joinGlobs(fromAnywhere, ANYTHING)
  })
  return (text) => widened.some((glob) => matchGlob(glob, text))
}

function groupNamesOf(engine: RE2JS): readonly string[] {
  const names = new Array<string>(engine.groupCount() + 1).fill('')
  for (const [name, index] of Object.entries(engine.namedGroups() as Record<string, number>)) names[index] = name
  return names
}

/** Go's Regexp.Expand: `$name` takes the longest run of word characters, an unknown name or number is empty, `$$` is `$`. */
export function expandTemplate(
  template: string,
  groups: readonly (string | undefined)[],
  names: readonly string[],
): string {
  if (!template.includes('$')) return template
  return template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, bare?: string, braced?: string) => {
    if (whole === '$$') return '$'
    const name = bare ?? braced ?? ''
    if (/^\d+$/.test(name)) return groups[Number(name)] ?? ''
    for (let index = names.length - 1; index > 0; index--) {
      if (names[index] === name && groups[index] !== undefined) return groups[index] ?? ''
    }
    return ''
  })
}
