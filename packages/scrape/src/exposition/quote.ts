import { decodeUtf8 } from '@quartet/model'

const SHORT: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** Go's `%q` of a byte range: invalid UTF-8 as `\xNN`. */
export function byteQuote(bytes: Uint8Array, start: number, end: number): string {
  let result = '"'
  let index = start
  while (index < end) {
    const length = sequenceLength(bytes, index, end)
    if (length === 0) {
      result += hex(bytes[index])
      index++
      continue
    }
    const text = decodeUtf8(bytes, index, index + length)
    result += SHORT[text] ?? (isControl(text.charCodeAt(0)) ? hex(bytes[index]) : text)
    index += length
  }
  return result + '"'
}

function isControl(code: number): boolean {
  return code < 0x20 || code === 0x7f
}

function hex(byte: number): string {
  return '\\x' + byte.toString(16).padStart(2, '0')
}

/** Bytes of the UTF-8 sequence at `index`, or 0 when there is no valid one. */
function sequenceLength(bytes: Uint8Array, index: number, end: number): number {
  const first = bytes[index]
  if (first < 0x80) return 1
  const length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0
  if (length === 0 || first >= 0xf5 || index + length > end) return 0
  for (let next = index + 1; next < index + length; next++) if ((bytes[next] & 0xc0) !== 0x80) return 0
  if (first === 0xe0 && bytes[index + 1] < 0xa0) return 0
  if (first === 0xed && bytes[index + 1] > 0x9f) return 0
  if (first === 0xf0 && bytes[index + 1] < 0x90) return 0
  if (first === 0xf4 && bytes[index + 1] > 0x8f) return 0
  return length
}
