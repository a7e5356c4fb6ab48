import { FormToken, HttpError, markup } from '@quartet/runtime'
import type { HttpServer } from '@quartet/runtime'
import { SilenceError } from '../../storage/silence.ts'
import type { Silence } from '../../storage/silence.ts'
import type { ApiOptions } from '../api-options.ts'
import { alertsPage } from './alerts-page.ts'
import { answer } from './shared.ts'
import type { PageOptions } from './shared.ts'
import { fieldsOf, newFields, postedFields, readFields, silenceForm } from './silence-form.ts'
import { silencePage, silencesPage } from './silences-page.ts'
import { statusPage } from './status-page.ts'

interface Settings {
  /** Of what is served. */
  readonly prefix: string
  readonly linkPrefix: () => string
  readonly configFile: string
}

interface ById {
  Params: { id: string }
}

/**
 * The pages for people: alerts, silences, status. Plain HTML and forms; each form carries a token that other sites cannot read, so
 * that they cannot send it.
 */
export function addPages({ api }: HttpServer, common: ApiOptions, { prefix, ...settings }: Settings): void {
  const token = new FormToken()
  const options: PageOptions = { ...common, ...settings, token }
  const { nowMs, silences } = options
  const queryOf = (url: string): URLSearchParams => new URL(url, 'http://localhost').searchParams
  const find = (id: string): Silence => {
    const silence = silences.get(id)
    if (!silence) throw new HttpError(404, 'there is no such silence; it may have expired long ago')
    return silence
  }

  for (const root of prefix === '' ? ['/'] : [prefix, `${prefix}/`]) {
    api.get(root, async ({ url }, reply) => answer(reply, options, 'alerts', alertsPage(options, queryOf(url))))
  }
  api.get(`${prefix}/status`, async (_request, reply) => answer(reply, options, 'status', statusPage(options)))
  api.get(`${prefix}/silences`, async ({ url }, reply) =>
    answer(reply, options, 'silences', silencesPage(options, queryOf(url))),
  )
  api.get(`${prefix}/silences/new`, async ({ url }, reply) =>
    answer(reply, options, 'silences', silenceForm(options, newFields(queryOf(url)), { problems: [] })),
  )
  api.get<ById>(`${prefix}/silences/:id`, async ({ params }, reply) =>
    answer(reply, options, 'silences', silencePage(options, find(params.id))),
  )
  api.get<ById>(`${prefix}/silences/:id/edit`, async ({ params }, reply) => {
    const fields = fieldsOf(find(params.id), nowMs())
    const { matchers } = readFields(fields, options)
    return answer(reply, options, 'silences', silenceForm(options, fields, { problems: [], matchers }))
  })

  api.post(`${prefix}/silences/new`, async ({ body }, reply) => {
    const form = formOf(body)
    const fields = postedFields(form)
    const { draft, matchers, problems } = readFields(fields, options)
    const again = (status: number, found: readonly string[]) =>
      answer(reply, options, 'silences', silenceForm(options, fields, { problems: found, matchers }), status)
    // What was typed stays, also after a restart of ours.
    if (!token.isIn(form)) return again(403, ['The form was out of date. Nothing was saved; please send it again.'])
    if (form.get('do') === 'preview')
      return again(
        200,
        problems.filter((text) => text.startsWith('Matchers')),
      )
    if (!draft) return again(400, problems)
    try {
      const id = await silences.set(draft)
      return await reply.redirect(`${options.linkPrefix()}/silences/${id}`, 303)
    } catch (error) {
      if (!(error instanceof SilenceError)) throw error
      return again(400, [error.message])
    }
  })
  api.post<ById>(`${prefix}/silences/:id/expire`, async ({ body, params }, reply) => {
    if (!token.isIn(formOf(body))) {
      const old = markup`<div class="card edge-bad">
        The page was out of date and nothing was changed. <a href="${options.linkPrefix()}/silences">Load it again.</a>
      </div>`
      return answer(reply, options, 'silences', old, 403)
    }
    await silences.expire(find(params.id).id)
    return reply.redirect(`${options.linkPrefix()}/silences`, 303)
  })
}

function formOf(body: unknown): URLSearchParams {
  if (!(body instanceof URLSearchParams)) throw new HttpError(415, 'the form of the page is expected')
  return body
}
