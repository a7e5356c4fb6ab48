import { isUtf8 } from 'node:buffer'
import type { ScalarTag } from 'yaml'

/**
 * `!!binary`, which Go's decoders read as the text of the bytes. A byte that is no UTF-8 becomes a lone surrogate (U+DC00 + byte),
 * so that whoever wants well-formed text can see it.
 */
export const binaryText: ScalarTag = {
  tag: 'tag:yaml.org,2002:binary',
  resolve(source, onError) {
    const base64 = source.replace(/\s/g, '')
    if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) {
      return textOf(Buffer.from(base64, 'base64'))
    }
    onError('!!binary value contains invalid base64 data')
    return source
  },
}

function textOf(bytes: Buffer): string {
  let text = ''
  for (let index = 0; index < bytes.length;) {
    const size = [1, 2, 3, 4].find((count) => isUtf8(bytes.subarray(index, index + count)))
    text +=
      size === undefined ? String.fromCharCode(0xdc00 + bytes[index]) : bytes.toString('utf8', index, index + size)
    index += size ?? 1
  }
  return text
}
