import { decodeUtf8, isValidUtf8 } from './proto-reader.ts'

const SHORT: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

/** Go's `%q` of a string that need not be valid UTF-8: bytes that are not become `\xNN`. */
export function goQuoteBytes(bytes: Uint8Array): string {
  let result = '"'
  for (let index = 0; index < bytes.length;) {
    const size = [1, 2, 3, 4].find(
      (length) => index + length <= bytes.length && isValidUtf8(bytes, index, index + length),
    )
    if (size === undefined) {
      result += hexByte(bytes[index++]!)
      continue
    }
    const text = decodeUtf8(bytes, index, index + size)
    result += text === '"' ? '\\"' : (SHORT[text] ?? (isControl(text) ? hexByte(bytes[index]!) : text))
    index += size
  }
  return result + '"'
}

/** Go's `%q` of one byte. */
export function goChar(byte: number): string {
  const text = String.fromCharCode(byte)
  return `'${text === "'" ? "\\'" : (SHORT[text] ?? (isControl(text) ? hexByte(byte) : text))}'`
}

function isControl(text: string): boolean {
  const code = text.charCodeAt(0)
  return code < 0x20 || code === 0x7f
}

function hexByte(byte: number): string {
  return '\\x' + byte.toString(16).padStart(2, '0')
}
