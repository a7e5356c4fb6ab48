import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers like Go's `http.Error`: plain text with a line end. */
export function sendText(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  // A body that was not read to its end cannot be followed by another request.
  if (!request.complete) response.setHeader('Connection', 'close')
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' })
  response.end(`${message}\n`)
}
