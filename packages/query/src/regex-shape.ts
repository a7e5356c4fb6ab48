/**
 * What can be said about a RE2 pattern without running it. Most patterns that people write in selectors and line filters are
 * literals, alternatives of literals, or literals with `.*` between them; those are matched here with string searches, and only
 * the rest reaches the regex engine. The analysis is conservative: whatever it does not fully understand is `opaque`, never guessed.
 */

/** Literal segments with gaps between them: `a.*b.+` is segments `['a', 'b', '']`, gaps `[0, 1]` (least length of each gap). */
export interface Glob {
  readonly segments: readonly string[]
  readonly gaps: readonly number[]
}

export interface RegexShape {
  /** The pattern matches exactly what one of these globs matches, when `.` matches every character; undefined when it is more than that. */
  readonly globs: readonly Glob[] | undefined
  /** The pattern began with `^` (ended with `$`); the globs are what is left without it. */
  readonly isStartAnchored: boolean
  readonly isEndAnchored: boolean
  /** Every match contains one of these texts; undefined when nothing is known. */
  readonly required: readonly string[] | undefined
}

type Node =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'concat'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number }
  | { readonly kind: 'begin' }
  | { readonly kind: 'end' }
  | { readonly kind: 'opaque' }

const OPAQUE: Node = { kind: 'opaque' }
/** As upstream's maxSetMatches: more alternatives than this are left to the engine. */
const MAX_GLOBS = 256
const MAX_REQUIRED = 64
const MAX_DEPTH = 100

export function regexShape(pattern: string): RegexShape {
  let root: Node
  try {
    root = new ShapeParser(pattern).parse()
  } catch (error) {
    if (error instanceof NotUnderstood) return NOTHING_KNOWN
    throw error
  }
  const parts = root.kind === 'concat' ? root.parts : [root]
  const isStartAnchored = parts[0]?.kind === 'begin'
  const isEndAnchored = parts.length > 0 && parts[parts.length - 1].kind === 'end'
  const inner: Node = {
    kind: 'concat',
    parts: parts.slice(isStartAnchored ? 1 : 0, isEndAnchored ? parts.length - 1 : parts.length),
  }
  return { globs: globsOf(inner), isStartAnchored, isEndAnchored, required: requiredOf(inner) }
}

const NOTHING_KNOWN: RegexShape = {
  globs: undefined,
  isStartAnchored: false,
  isEndAnchored: false,
  required: undefined,
}

export function matchGlob(glob: Glob, text: string): boolean {
  const { segments, gaps } = glob
  const first = segments[0]
  if (gaps.length === 0) return text === first
  if (!text.startsWith(first)) return false
  const last = segments[segments.length - 1]
  let offset = first.length
  for (let index = 1; index < segments.length - 1; index++) {
    const found = text.indexOf(segments[index], offset + gaps[index - 1])
    if (found < 0) return false
    offset = found + segments[index].length
  }
  return text.length - last.length >= offset + gaps[gaps.length - 1] && text.endsWith(last)
}

class NotUnderstood extends Error {}

/** Reads RE2 syntax; throws {@link NotUnderstood} for anything beyond the plain core, also for what might be a syntax error. */
class ShapeParser {
  readonly #text: string
  #offset = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): Node {
    const node = this.#choice()
    if (this.#offset < this.#text.length) throw new NotUnderstood()
    return node
  }

  #choice(): Node {
    if (++this.#depth > MAX_DEPTH) throw new NotUnderstood()
    const parts = [this.#concat()]
    while (this.#text[this.#offset] === '|') {
      this.#offset++
      parts.push(this.#concat())
    }
    this.#depth--
    return parts.length === 1 ? parts[0] : { kind: 'choice', parts }
  }

  #concat(): Node {
    const parts: Node[] = []
    while (this.#offset < this.#text.length && this.#text[this.#offset] !== '|' && this.#text[this.#offset] !== ')') {
      parts.push(this.#repeat(this.#atom()))
    }
    return parts.length === 1 ? parts[0] : { kind: 'concat', parts }
  }

  #repeat(part: Node): Node {
    const operator = this.#text[this.#offset]
    if (operator !== '*' && operator !== '+' && operator !== '?') {
      if (operator === '{') throw new NotUnderstood()
      return part
    }
    this.#offset++
    // Laziness changes which match is found, not whether there is one; but it moves submatches, so leave it to the engine.
    const after = this.#text[this.#offset]
    if (after === '*' || after === '+' || after === '?' || after === '{') throw new NotUnderstood()
    return { kind: 'repeat', part, min: operator === '+' ? 1 : 0, max: operator === '?' ? 1 : Infinity }
  }

  #atom(): Node {
    const char = this.#text[this.#offset]
    switch (char) {
      case '.':
        this.#offset++
        return { kind: 'any' }
      case '(':
        return this.#group()
      case '[':
        return this.#class()
      case '\\':
        return this.#escape()
      case '^':
        this.#offset++
        return { kind: 'begin' }
      case '$':
        this.#offset++
        return { kind: 'end' }
      case '*':
      case '+':
      case '?':
        throw new NotUnderstood()
      default:
        return this.#literal()
    }
  }

  #literal(): Node {
    const code = this.#text.codePointAt(this.#offset) ?? 0
    const text = String.fromCodePoint(code)
    if (code >= 0xd800 && code <= 0xdfff) throw new NotUnderstood()
    this.#offset += text.length
    return { kind: 'literal', text }
  }

  #group(): Node {
    this.#offset++
    if (this.#text.startsWith('?:', this.#offset)) this.#offset += 2
    else if (this.#text[this.#offset] === '?') throw new NotUnderstood()
    const node = this.#choice()
    if (this.#text[this.#offset] !== ')') throw new NotUnderstood()
    this.#offset++
    return node
  }

  /** Only `[abc]` of word characters is worth expanding; ranges and negation stay opaque but must be skipped correctly. */
  #class(): Node {
    const match = /^\[[0-9A-Za-z_]+\]/.exec(this.#text.slice(this.#offset, this.#offset + 66))
    if (match !== null) {
      this.#offset += match[0].length
      return { kind: 'choice', parts: Array.from(match[0].slice(1, -1), (text) => ({ kind: 'literal', text })) }
    }
    const simple = /^\[\^?(?:[^\\[\]]|\\[dwsDWS.\-/])+\]/.exec(this.#text.slice(this.#offset))
    if (simple === null || simple[0].startsWith('[^]')) throw new NotUnderstood()
    this.#offset += simple[0].length
    return OPAQUE
  }

  #escape(): Node {
    const next = this.#text[this.#offset + 1]
    if (next === undefined) throw new NotUnderstood()
    this.#offset += 2
    if ('dwsDWSb'.includes(next)) return OPAQUE
    if (/[\\.+*?()|[\]{}^$\-/:;,'"`~!@#%&=<> ]/.test(next)) return { kind: 'literal', text: next }
    if (next === 'n') return { kind: 'literal', text: '\n' }
    if (next === 't') return { kind: 'literal', text: '\t' }
    throw new NotUnderstood()
  }
}

function globsOf(node: Node): readonly Glob[] | undefined {
  switch (node.kind) {
    case 'literal':
      return [{ segments: [node.text], gaps: [] }]
    case 'opaque':
    case 'begin':
    case 'end':
    case 'any':
      return undefined
    case 'choice': {
      const globs: Glob[] = []
      for (const part of node.parts) {
        const inner = globsOf(part)
        if (inner === undefined || globs.length + inner.length > MAX_GLOBS) return undefined
        globs.push(...inner)
      }
      return globs
    }
    case 'concat': {
      let globs: readonly Glob[] = [{ segments: [''], gaps: [] }]
      for (const part of node.parts) {
        const inner = globsOf(part)
        if (inner === undefined || globs.length * inner.length > MAX_GLOBS) return undefined
        globs = globs.flatMap((left) => inner.map((right) => joinGlobs(left, right)))
      }
      return globs
    }
    case 'repeat': {
      if (node.part.kind === 'any' && node.max === Infinity) return [{ segments: ['', ''], gaps: [node.min] }]
      if (node.max !== 1) return undefined
      const inner = globsOf(node.part)
      return inner === undefined ? undefined : [{ segments: [''], gaps: [] }, ...inner]
    }
  }
}

/** `a` followed by `b`. */
export function joinGlobs(left: Glob, right: Glob): Glob {
  const segments = left.segments.slice(0, -1)
  segments.push(left.segments[left.segments.length - 1] + right.segments[0], ...right.segments.slice(1))
  return mergeEmptyGaps(segments, [...left.gaps, ...right.gaps])
}

/** `.*.+` is one gap of least length 1. */
function mergeEmptyGaps(segments: readonly string[], gaps: readonly number[]): Glob {
  const mergedSegments = [segments[0]]
  const mergedGaps: number[] = []
  for (let index = 0; index < gaps.length; index++) {
    const isInnerEmpty = mergedGaps.length > 0 && mergedSegments[mergedSegments.length - 1] === ''
    if (isInnerEmpty) {
      mergedGaps[mergedGaps.length - 1] += gaps[index]
      mergedSegments[mergedSegments.length - 1] = segments[index + 1]
    } else {
      mergedGaps.push(gaps[index])
      mergedSegments.push(segments[index + 1])
    }
  }
  return { segments: mergedSegments, gaps: mergedGaps }
}

function requiredOf(node: Node): readonly string[] | undefined {
  switch (node.kind) {
    case 'literal':
      return [node.text]
    case 'any':
    case 'begin':
    case 'end':
    case 'opaque':
      return undefined
    case 'choice': {
      const all: string[] = []
      for (const part of node.parts) {
        const inner = requiredOf(part)
        if (inner === undefined || all.length + inner.length > MAX_REQUIRED) return undefined
        all.push(...inner)
      }
      return all
    }
    case 'concat':
      return requiredOfConcat(node.parts)
    case 'repeat':
      return node.min === 0 ? undefined : requiredOf(node.part)
  }
}

/** Prefers the candidate whose shortest text is longest: it filters best. */
function requiredOfConcat(parts: readonly Node[]): readonly string[] | undefined {
  let best: readonly string[] | undefined
  let run = ''
  const offer = (candidate: readonly string[] | undefined): void => {
    if (candidate === undefined || shortest(candidate) === 0) return
    if (best === undefined || shortest(candidate) > shortest(best)) best = candidate
  }
  for (const part of parts) {
    if (part.kind === 'literal') {
      run += part.text
      continue
    }
    offer([run])
    run = ''
    offer(requiredOf(part))
  }
  offer([run])
  return best
}

function shortest(texts: readonly string[]): number {
  return texts.reduce((least, text) => Math.min(least, text.length), Infinity)
}
