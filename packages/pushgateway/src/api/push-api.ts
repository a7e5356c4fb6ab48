import type { NameRules } from '@quartet/model'
import { HttpError } from '@quartet/runtime'
import type { HttpServer } from '@quartet/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseGroupingKey } from '../ingest/grouping-key.ts'
import { readPushBody } from '../ingest/push-body.ts'
import { InconsistentError } from '../storage/consistency.ts'
import type { MetricStore } from '../storage/metric-store.ts'

export interface PushApiOptions {
  readonly store: MetricStore
  readonly prefix: string
  readonly names: NameRules
  /** Pushes that are not checked are answered with 202. */
  readonly checkConsistency: boolean
  readonly monotonicMs: () => number
  readonly observe: (push: { method: string; sizeBytes: number; seconds: number }) => void
}

/** PUT, POST and DELETE of groups. */
export function addPushApi(server: HttpServer, options: PushApiOptions): void {
  const { prefix, store } = options
  void server.api.register((api, _options, done) => {
    api.addHook('onRequest', async (request, reply) => {
      // As Go's mux does: an empty part cannot be told from a doubled slash, so it has to be given as base64.
      const path = decodedPath(request)
      // Upstream's router has nothing below here, and offers the path without the slash, which is not there either.
      if (path === `${prefix}/metrics/job/`) return reply.redirect(`${prefix}/metrics/job`, 307)
      if (!path.includes('//')) return undefined
      return reply.redirect(encodeURI(path.replaceAll(/\/{2,}/g, '/')), 301)
    })
    // A push is taken as it comes: curl calls its body a form, and its snappy is not the one that others mean.
    const encodings = new WeakMap<FastifyRequest, string>()
    api.addHook('onRequest', async (request) => {
      const encoding = request.headers['content-encoding']
      if (encoding === undefined) return
      encodings.set(request, encoding)
      delete request.headers['content-encoding']
    })
    api.removeAllContentTypeParsers()
    api.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
    const push = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const startMs = options.monotonicMs()
      const labels = parseGroupingKey(pathBelowMetrics(request, prefix), options.names)
      const { families, sizeBytes } = await readPushBody(request.raw, encodings.get(request), options.names)
      try {
        await store.push({ labels, families, replace: request.method === 'PUT' })
      } catch (cause) {
        if (!(cause instanceof InconsistentError)) throw cause
        const message = `pushed metrics are invalid or inconsistent with existing metrics: ${cause.message}`
        // Who asked not to be checked is not told either, as upstream does it.
        if (options.checkConsistency) throw new HttpError(400, message, { cause })
      }
      options.observe({
        method: request.method.toLowerCase(),
        sizeBytes,
        seconds: (options.monotonicMs() - startMs) / 1000,
      })
      return reply.code(options.checkConsistency ? 200 : 202).send()
    }
    const remove = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      await store.delete(parseGroupingKey(pathBelowMetrics(request, prefix), options.names))
      return reply.code(202).send()
    }
    for (const job of ['job', 'job@base64']) {
      api.route({ method: ['PUT', 'POST'], url: `${prefix}/metrics/${job}/*`, handler: push })
      api.delete(`${prefix}/metrics/${job}/*`, remove)
    }
    done()
  })
}

/** `/job/…` with escapes undone, which Go does before it splits: an escaped slash separates like any other. */
function pathBelowMetrics(request: FastifyRequest, prefix: string): string {
  return decodedPath(request).slice(prefix.length + '/metrics'.length)
}

function decodedPath(request: FastifyRequest): string {
  const path = request.raw.url!.split('?', 1)[0]!
  try {
    return decodeURIComponent(path)
  } catch (cause) {
    throw new HttpError(400, `invalid URL escape in ${JSON.stringify(path)}`, { cause })
  }
}
