/** Text that is not a matcher; the message is upstream's. */
export class MatcherError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'MatcherError'
  }
}
