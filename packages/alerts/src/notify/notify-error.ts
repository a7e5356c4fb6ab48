export type FailureReason = 'clientError' | 'serverError' | 'contextCanceled' | 'contextDeadlineExceeded' | 'other'

/** A message that was not delivered. */
export class NotifyError extends Error {
  /** Whether another attempt makes sense. */
  readonly canRetry: boolean
  readonly reason: FailureReason
  constructor(message: string, options: { canRetry: boolean; reason?: FailureReason; cause?: unknown }) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'NotifyError'
    this.canRetry = options.canRetry
    this.reason = options.reason ?? 'other'
  }
}
