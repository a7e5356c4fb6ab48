import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { LabelMatcher } from '../config/matcher/label-matcher.ts'
import { SilenceError, silenceState } from '../storage/silence.ts'
import type { Silence, SilenceMatcher, SilenceState } from '../storage/silence.ts'
import { readFilters } from './alerts-api.ts'
import type { ApiOptions } from './api-options.ts'
import { BadRequest, INVALID_TYPE, parseBody, reply } from './errors.ts'
import { listJson, silenceJson } from './v2-json.ts'

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

/** Keys in the order in which upstream misses them. */
const postedSilence = z.object({
  id: z.string().optional(),
  comment: z.string(),
  createdBy: z.string(),
  endsAt: time,
  matchers: z
    .array(z.object({ isEqual: z.boolean().default(true), isRegex: z.boolean(), name: z.string(), value: z.string() }))
    .min(1),
  startsAt: time,
})

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const STATE_ORDER: readonly SilenceState[] = ['active', 'pending', 'expired']

/** `/api/v2/silences` and `/api/v2/silence/{id}`. */
export function addSilencesApi(api: FastifyInstance, options: ApiOptions): void {
  const { nowMs, silences } = options

  api.get('/silences', async (request, response) => {
    const filters = readFilters(new URL(request.url, 'http://localhost').searchParams, options)
    const now = nowMs()
    const found = silences.list().filter((silence) => hasMatchers(silence, filters))
    found.sort((a, b) => compareSilences(a, b, now))
    return reply(response, listJson(found.map((silence) => silenceJson(silence, silenceState(silence, now)))))
  })

  api.post('/silences', async (request, response) => {
    const posted = parseBody(postedSilence, request, 'silence')
    if (posted.startsAt >= posted.endsAt) {
      throw new BadRequest('Failed to create silence: start time must be before end time')
    }
    if (posted.endsAt < nowMs()) throw new BadRequest("Failed to create silence: end time can't be in the past")
    try {
      const silenceID = await silences.set({
        id: posted.id ?? '',
        matchers: posted.matchers.map(toMatcher),
        startsAtMs: posted.startsAt,
        endsAtMs: posted.endsAt,
        createdBy: posted.createdBy,
        comment: posted.comment,
      })
      return reply(response, JSON.stringify({ silenceID }))
    } catch (error) {
      if (!(error instanceof SilenceError)) throw error
      throw new BadRequest(error.message, error.kind === 'not found' ? 404 : 400)
    }
  })

  api.get<{ Params: { id: string } }>('/silence/:id', async (request, response) => {
    const silence = silences.get(checkId(request.params.id))
    if (!silence) return response.code(404).send()
    return reply(response, silenceJson(silence, silenceState(silence, nowMs())))
  })

  api.delete<{ Params: { id: string } }>('/silence/:id', async (request, response) => {
    try {
      await silences.expire(checkId(request.params.id))
      return await response.code(200).send()
    } catch (error) {
      if (error instanceof SilenceError && error.kind === 'not found') return response.code(404).send()
      throw error
    }
  })
}

function checkId(id: string): string {
  if (!UUID.test(id))
    throw new BadRequest(`silenceID in path must be of type uuid: ${JSON.stringify(id)}`, 422, INVALID_TYPE)
  return id
}

function toMatcher(matcher: z.output<typeof postedSilence>['matchers'][number]): SilenceMatcher {
  const { isEqual, isRegex, name, value } = matcher
  return { name, value, type: isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=' }
}

/** Each filter must stand in the silence as it is. */
function hasMatchers(silence: Silence, filters: readonly LabelMatcher[]): boolean {
  return filters.every(({ name, type, value }) =>
    silence.matchers.some((matcher) => matcher.name === name && matcher.type === type && matcher.value === value),
  )
}

/** Active ones by which ends next, pending ones by which begins next, expired ones by which ended last. */
export function compareSilences(a: Silence, b: Silence, nowMs: number): number {
  const [left, right] = [silenceState(a, nowMs), silenceState(b, nowMs)]
  if (left !== right) return STATE_ORDER.indexOf(left) - STATE_ORDER.indexOf(right)
  if (left === 'pending') return a.startsAtMs - b.startsAtMs
  return left === 'active' ? a.endsAtMs - b.endsAtMs : b.endsAtMs - a.endsAtMs
}
