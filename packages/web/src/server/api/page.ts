import { HttpError } from '@quartet/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { contentSecurityPolicy, renderPage } from '../../common/page.ts'
import type { Services } from './services.ts'
import { userOf } from './authentication.ts'
import { bootDataFor } from './boot-data.ts'
import { automaticSignIn } from './sign-in.ts'

/** Built files under /public, and the page for every other GET that wants HTML. */
export async function addPage(api: FastifyInstance, services: Services): Promise<void> {
  const { pageDirectory } = services
  const index = new IndexFile(join(pageDirectory, 'index.html'))
  const { fastifyStatic } = await import('@fastify/static')
  await api.register(fastifyStatic, {
    root: join(pageDirectory, 'public'),
    prefix: '/public/',
    preCompressed: true,
    decorateReply: false,
    wildcard: true,
    cacheControl: false,
    setHeaders: (response, path) => {
      // Vite puts a hash into every name under assets/.
      const isHashed = path.includes('/assets/')
      void response.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'public, max-age=3600')
    },
  })

  api.setNotFoundHandler(async (request, reply) => {
    const wantsPage =
      (request.method === 'GET' || request.method === 'HEAD') &&
      !/^\/(api|apis|public|avatar)(\/|\?|$)/.test(request.url) &&
      (request.headers.accept ?? '*/*').match(/text\/html|\*\/\*/) !== null
    if (!wantsPage) throw new HttpError(404, 'Not found')
    const elsewhere = automaticSignIn(services, request)
    if (elsewhere !== undefined) return reply.redirect(elsewhere, 302)
    return sendPage(request, reply, services, index)
  })
}

async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  services: Services,
  index: IndexFile,
): Promise<FastifyReply> {
  const nonce = randomBytes(16).toString('base64')
  const html = await index.read()
  const policy = contentSecurityPolicy(nonce)
  const isFramingAllowed = services.settings.flag('security', 'allow_embedding')
  void reply
    .header('content-security-policy', isFramingAllowed ? policy.replace("; frame-ancestors 'none'", '') : policy)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
  if (html === undefined) return reply.code(503).send(NOT_BUILT)
  const failed = new URL(request.url, 'http://localhost').searchParams.get('failed')
  const signInProblem = failed === null ? undefined : services.signInProblems.get(failed)
  const bootData = { ...(await bootDataFor(services, userOf(request))), ...(signInProblem && { signInProblem }) }
  return reply.code(200).send(renderPage(html, { nonce, bootData }))
}

/** The built index.html, read again when it has changed. */
class IndexFile {
  readonly #path: string
  #known: { html: string; modifiedMs: number } | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** `undefined` when it is not there. */
  async read(): Promise<string | undefined> {
    try {
      const { mtimeMs } = await stat(this.#path)
      if (this.#known?.modifiedMs !== mtimeMs) {
        this.#known = { html: await readFile(this.#path, 'utf8'), modifiedMs: mtimeMs }
      }
      return this.#known.html
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Quartet</title></head>
  <body style="font-family: sans-serif; max-width: 40em; margin: 4em auto; line-height: 1.5">
    <h1>The browser part is not built</h1>
    <p>The server is running and its API answers, but <code>packages/web/dist</code> is missing.</p>
    <p>Run <code>npm start</code>, which builds it, or <code>npx vite build</code> in <code>packages/web</code>; then reload this page.</p>
  </body>
</html>
`
