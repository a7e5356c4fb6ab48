import { RegexError } from '@quartet/query'
import { isClassicLabelName, LabelMatcher } from '../config/matcher/label-matcher.ts'
import type { MatcherType } from '../config/matcher/label-matcher.ts'
import type { MatcherMode } from '../config/matcher/parse-matchers.ts'

export interface SilenceMatcher {
  readonly name: string
  readonly type: MatcherType
  readonly value: string
}

export interface Silence {
  readonly id: string
  readonly matchers: readonly SilenceMatcher[]
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly updatedAtMs: number
  readonly createdBy: string
  readonly comment: string
}

export type SilenceState = 'active' | 'pending' | 'expired'

export function silenceState({ endsAtMs, startsAtMs }: Silence, nowMs: number): SilenceState {
  if (nowMs < startsAtMs) return 'pending'
  return nowMs > endsAtMs ? 'expired' : 'active'
}

/** A silence that cannot be; the message is upstream's. */
export class SilenceError extends Error {
  readonly kind: 'invalid' | 'not found' | 'limit'
  constructor(message: string, kind: SilenceError['kind'] = 'invalid') {
    super(message)
    this.name = 'SilenceError'
    this.kind = kind
  }
}

/** @throws SilenceError */
export function validateMatcher({ name, type, value }: SilenceMatcher, mode: MatcherMode): void {
  const isName = mode === 'classic' ? isClassicLabelName(name) : name !== '' && name.isWellFormed()
  if (!isName) throw new SilenceError(`invalid label name ${JSON.stringify(name)}`)
  if (!value.isWellFormed()) throw new SilenceError(`invalid label value ${JSON.stringify(value)}`)
  if (!['=', '!=', '=~', '!~'].includes(type)) throw new SilenceError(`unknown matcher type ${JSON.stringify(type)}`)
  try {
    void new LabelMatcher(type, name, value)
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    throw new SilenceError(`invalid regular expression ${JSON.stringify(value)}: ${error.message}`)
  }
}

/** Times are milliseconds, undefined where there is none. @throws SilenceError */
export function validateSilence(
  silence: Pick<Silence, 'matchers'> & { startsAtMs: number | undefined; endsAtMs: number | undefined },
  mode: MatcherMode,
): void {
  if (silence.matchers.length === 0) throw new SilenceError('at least one matcher required')
  for (const [index, matcher] of silence.matchers.entries()) {
    try {
      validateMatcher(matcher, mode)
    } catch (error) {
      if (!(error instanceof SilenceError)) throw error
      throw new SilenceError(`invalid label matcher ${index}: ${error.message}`)
    }
  }
  // A silence for everything is a mistake.
  if (silence.matchers.every(matchesEmpty)) {
    throw new SilenceError('at least one matcher must not match the empty string')
  }
  if (silence.startsAtMs === undefined) throw new SilenceError('invalid zero start timestamp')
  if (silence.endsAtMs === undefined) throw new SilenceError('invalid zero end timestamp')
  if (silence.endsAtMs < silence.startsAtMs) throw new SilenceError('end time must not be before start time')
}

function matchesEmpty({ name, type, value }: SilenceMatcher): boolean {
  if (type === '=') return value === ''
  return type === '=~' && new LabelMatcher(type, name, value).matches('')
}
