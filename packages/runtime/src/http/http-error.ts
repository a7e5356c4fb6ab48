/** An answer other than 2xx, with the text that the client gets. Thrown by handlers, turned into a response by the server. */
export class HttpError extends Error {
  readonly status: number
  constructor(status: number, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'HttpError'
    this.status = status
  }
}
