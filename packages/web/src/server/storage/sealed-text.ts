import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts texts so that they can be given to a browser or lie in the database: AES-256-GCM under a key that is derived from the
 * server's secret for one purpose, so that a text sealed for one place cannot be used in another.
 */
export class SealedText {
  readonly #key: Buffer

  constructor(options: { secretKey: string; purpose: string }) {
    this.#key = Buffer.from(hkdfSync('sha256', options.secretKey, '', options.purpose, 32))
  }

  /** @returns base64url, fit for a cookie */
  seal(text: string): string {
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv)
    return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url')
  }

  /** `undefined` for what was not sealed here or has been changed since. */
  open(sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < IV_BYTES + TAG_BYTES) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES))
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
    try {
      const text = decipher.update(bytes.subarray(IV_BYTES, bytes.length - TAG_BYTES))
      return Buffer.concat([text, decipher.final()]).toString('utf8')
    } catch {
      return undefined
    }
  }
}
