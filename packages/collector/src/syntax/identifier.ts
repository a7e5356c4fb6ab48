const LETTER = /^[\p{L}_]$/u
const LETTER_OR_DIGIT = /^[\p{L}_\p{Nd}]$/u
const IDENTIFIER = /^[\p{L}_][\p{L}_\p{Nd}]*$/u

export function isLetter(character: string): boolean {
  return LETTER.test(character)
}

export function isLetterOrDigit(character: string): boolean {
  return LETTER_OR_DIGIT.test(character)
}

export function isValidIdentifier(text: string): boolean {
  return IDENTIFIER.test(text)
}

/**
 * The nearest valid identifier: characters that may not stand in one become `_`, a leading digit gets one before it.
 * @throws Error for the empty text
 */
export function sanitizeIdentifier(text: string): string {
  if (text === '') throw new Error('cannot generate a new identifier for an empty string')
  let result = ''
  for (const character of text) result += isLetterOrDigit(character) ? character : '_'
  return isLetter(result[0]) || result.codePointAt(0)! > 0xffff ? result : '_' + result
}
