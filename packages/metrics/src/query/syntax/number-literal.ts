import { DurationError, parseDuration, quoteGo } from '@quartet/query'
import type { NumberLiteral } from './ast.ts'
import { parseNumber } from './number.ts'
import type { TokenCursor } from './token-cursor.ts'
import { rangeOf } from './token-words.ts'

/** A number or a duration, which is a number of seconds. */
export function numberLiteral(cursor: TokenCursor): NumberLiteral {
  const token = cursor.token
  cursor.advance()
  if (token.kind === 'number') {
    const value = parseNumber(token.text)
    if (value === undefined) {
      const text = `strconv.ParseFloat: parsing ${quoteGo(token.text)}: value out of range`
      cursor.problem(`error parsing number: ${text}`, rangeOf(cursor.isAtEnd() ? token : cursor.token))
    }
    return { kind: 'number', value: value ?? 0, isDuration: false, range: rangeOf(token) }
  }
  let ms = 0
  try {
    ms = parseDuration(token.text)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    cursor.problem(error.message, rangeOf(token))
  }
  return { kind: 'number', value: ms / 1000, isDuration: true, range: rangeOf(token) }
}
