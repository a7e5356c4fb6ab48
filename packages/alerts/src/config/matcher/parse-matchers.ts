import { parseClassicMatcher, parseClassicMatchers } from './classic.ts'
import { isClassicLabelName } from './label-matcher.ts'
import type { LabelMatcher } from './label-matcher.ts'
import { MatcherError } from './matcher-error.ts'
import { parseUtf8Matchers } from './utf8.ts'

/** `fallback` (upstream's default) reads UTF-8 first and the classic syntax where that fails or disagrees. */
export type MatcherMode = 'fallback' | 'utf8-strict' | 'classic'

export interface MatcherNotice {
  readonly input: string
  readonly message: string
  /** How to write it so that both syntaxes agree. */
  readonly suggestion?: string
}

type Notice = (notice: MatcherNotice) => void

const INCOMPATIBLE =
  'Alertmanager is moving to a new parser for labels and matchers, and this input is incompatible. Alertmanager has instead parsed the input using the classic matchers parser as a fallback. To make this input compatible with the UTF-8 matchers parser please make sure all regular expressions and values are double-quoted and backslashes are escaped. If you are still seeing this message please open an issue.'

/** @throws MatcherError */
export function parseMatchers(input: string, mode: MatcherMode, notice: Notice = ignore): readonly LabelMatcher[] {
  if (mode === 'classic') return parseClassicMatchers(input)
  if (mode === 'utf8-strict') return parseUtf8Matchers(input)
  return withFallback(input, parseUtf8Matchers, parseClassicMatchers, notice)
}

/** @throws MatcherError also when it is not exactly one */
export function parseMatcher(input: string, mode: MatcherMode, notice: Notice = ignore): LabelMatcher {
  if (mode === 'classic') return parseClassicMatcher(input)
  if (mode === 'utf8-strict') return onlyOne(parseUtf8Matchers(input))
  const [matcher] = withFallback(
    input,
    (text) => [onlyOne(parseUtf8Matchers(text))],
    (text) => [parseClassicMatcher(text)],
    notice,
  )
  return matcher
}

export function isLabelName(name: string, mode: MatcherMode): boolean {
  return mode === 'classic' ? isClassicLabelName(name) : name !== '' && name.isWellFormed()
}

function onlyOne(matchers: readonly LabelMatcher[]): LabelMatcher {
  if (matchers.length === 0) throw new MatcherError('no matchers')
  if (matchers.length > 1) throw new MatcherError(`expected 1 matcher, found ${matchers.length}`)
  return matchers[0]
}

type Parse = (input: string) => readonly LabelMatcher[]

function withFallback(input: string, parseNew: Parse, parseOld: Parse, notice: Notice): readonly LabelMatcher[] {
  const modern = attempt(parseNew, input)
  const classic = attempt(parseOld, input)
  if (modern instanceof MatcherError) {
    // Both refuse: the classic text is what people know.
    if (classic instanceof MatcherError) throw classic
    notice({ input, message: INCOMPATIBLE, suggestion: classic.map(String).join(',') })
    return classic
  }
  if (!(classic instanceof MatcherError) && !isSame(modern, classic)) {
    notice({ input, message: 'Matchers input has disagreement' })
    return classic
  }
  return modern
}

function attempt(parse: Parse, input: string): readonly LabelMatcher[] | MatcherError {
  try {
    return parse(input)
  } catch (error) {
    if (error instanceof MatcherError) return error
    throw error
  }
}

function isSame(a: readonly LabelMatcher[], b: readonly LabelMatcher[]): boolean {
  return (
    a.length === b.length &&
    a.every((left, index) => {
      const right = b[index]
      return left.name === right.name && left.type === right.type && left.value === right.value
    })
  )
}

function ignore(): void {}
