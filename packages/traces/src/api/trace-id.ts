import { HttpError } from '@quartet/runtime'

/** 16 bytes from hexadecimal text of either case; leading zeros may be missing, more than 32 digits lose their front. */
export function parseTraceId(text: string): Uint8Array {
  const bad = /[^0-9a-fA-F]/.exec(text)
  if (bad !== null) {
    throw new HttpError(
      400,
      `trace IDs can only contain hex characters: invalid character '${bad[0]}' at position ${bad.index + 1}`,
    )
  }
  return new Uint8Array(Buffer.from(text.slice(-32).padStart(32, '0'), 'hex'))
}
