import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'

/**
 * What a client did wrong. Upstream's handlers answer with the text alone; what its generated reader refuses (a body that is
 * not JSON, a value of a wrong type) is `{"code": …, "message": …}`.
 */
export class BadRequest extends Error {
  readonly status: number
  readonly code: number | undefined
  constructor(message: string, status = 400, code?: number) {
    super(message)
    this.name = 'BadRequest'
    this.status = status
    this.code = code
  }
}

/** @param json a JSON text. Sent as bytes, since fastify would add a charset to a text. */
export function reply(response: FastifyReply, json: string, status = 200): FastifyReply {
  return response
    .code(status)
    .header('content-type', 'application/json')
    .send(Buffer.from(json + '\n'))
}

/** What upstream's generated code answers with: no newline at the end. */
export function replyCode(response: FastifyReply, status: number, code: number, message: string): FastifyReply {
  const body = Buffer.from(JSON.stringify({ code, message }))
  return response.code(status).header('content-type', 'application/json').send(body)
}

// Upstream's codes of its reader.
export const INVALID_TYPE = 601
export const REQUIRED = 602
const TOO_FEW = 612

/** @throws BadRequest */
export function parseBody<S extends z.ZodType>(schema: S, request: FastifyRequest, name: string): z.output<S> {
  const { body } = request
  if (body === undefined || body === null) throw new BadRequest(`${name} in body is required`, 422, REQUIRED)
  if (typeof body !== 'object' || body instanceof Uint8Array || body instanceof URLSearchParams) {
    const type = (request.headers['content-type'] ?? '').split(';')[0]
    throw new BadRequest(
      `unsupported media type ${JSON.stringify(type)}, only [application/json] are allowed`,
      415,
      415,
    )
  }
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue.path.map(String).join('.')
  if (issue.code === 'invalid_type' && valueAt(body, issue.path) === undefined && path !== '') {
    throw new BadRequest(`${path} in body is required`, 422, REQUIRED)
  }
  if (issue.code === 'too_small') throw new BadRequest(`${path} in body should have at least 1 items`, 422, TOO_FEW)
  if (issue.code === 'custom' && issue.params?.['code'] === INVALID_TYPE) {
    throw new BadRequest(`${path} in body ${issue.message}`, 422, INVALID_TYPE)
  }
  const place = path === '' ? '' : `${path}: `
  throw new BadRequest(`parsing ${name} body from "" failed, because ${place}${issue.message}`, 400, 400)
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root
  for (const step of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[step]
  return value
}
