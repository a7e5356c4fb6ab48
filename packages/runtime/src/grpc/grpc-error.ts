/** The status codes of gRPC that servers here use. */
export const GrpcStatus = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** An answer other than OK. Clients retry `unavailable`, and `resourceExhausted` only when told after how long. */
export class GrpcError extends Error {
  readonly code: number
  constructor(code: number, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'GrpcError'
    this.code = code
  }
}
