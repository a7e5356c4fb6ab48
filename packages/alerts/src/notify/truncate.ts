const ELLIPSIS = '…'

/** Cuts to `count` code points; the last is an ellipsis where there is room for one. */
export function truncateRunes(text: string, count: number): { text: string; isTruncated: boolean } {
  const runes = [...text]
  if (runes.length <= count) return { text, isTruncated: false }
  if (count <= 3) return { text: runes.slice(0, count).join(''), isTruncated: true }
  return { text: runes.slice(0, count - 1).join('') + ELLIPSIS, isTruncated: true }
}

/** Cuts to `count` bytes of UTF-8 without splitting a character. */
export function truncateBytes(text: string, count: number): { text: string; isTruncated: boolean } {
  if (Buffer.byteLength(text) <= count) return { text, isTruncated: false }
  // The ellipsis itself takes three bytes.
  if (count < 3) return { text: '.'.repeat(count), isTruncated: true }
  let size = 0
  let kept = ''
  for (const char of text) {
    size += Buffer.byteLength(char)
    if (size > count - 3) break
    kept += char
  }
  return { text: kept + ELLIPSIS, isTruncated: true }
}
