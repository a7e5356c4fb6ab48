import { goQuoteBytes } from '@quartet/model'

/** Go's `%q` of a byte range: invalid UTF-8 as `\xNN`. */
export function byteQuote(bytes: Uint8Array, start: number, end: number): string {
  return goQuoteBytes(bytes.subarray(start, end))
}
