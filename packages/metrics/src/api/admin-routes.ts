import type { FastifyRequest } from 'fastify'
import type { DeletionRequest } from '../storage/database.ts'
import type { ApiContext } from './context.ts'
import { ApiError, invalidParameter } from './errors.ts'
import { MAX_TIME_MS, MIN_TIME_MS, Parameters, parseMatch } from './parameters.ts'
import type { Reply } from './reply.ts'

/** A handler that answers 204 when it resolves with undefined. */
type AdminHandler = (context: ApiContext, request: FastifyRequest) => Promise<Reply | undefined>

/** By the last part of the path; POST and PUT. Source: web/api/v1/api.go. */
export const ADMIN_ROUTES: Readonly<Record<string, AdminHandler>> = {
  delete_series: whenEnabled(deleteSeries),
  clean_tombstones: whenEnabled(cleanTombstones),
  snapshot: whenEnabled(snapshot),
}

function whenEnabled(handler: AdminHandler): AdminHandler {
  return (context, request) => {
    if (!context.settings.enableAdminApi) throw new ApiError('unavailable', 'admin APIs disabled')
    return handler(context, request)
  }
}

async function deleteSeries({ admin }: ApiContext, request: FastifyRequest): Promise<undefined> {
  const parameters = Parameters.of(request)
  const selectors = parameters.all('match[]')
  if (selectors.length === 0) throw new ApiError('bad_data', 'no match[] parameter provided')
  const minMs = parameters.timeOr('start', MIN_TIME_MS)
  const maxMs = parameters.timeOr('end', MAX_TIME_MS)
  // Upstream too deletes what the selectors before a wrong one match.
  for (const selector of selectors) await admin.deleteSeries({ matchers: matchersOf(selector), minMs, maxMs })
}

function matchersOf(selector: string): DeletionRequest['matchers'] {
  try {
    return parseMatch(selector)
  } catch (error) {
    throw error instanceof ApiError ? invalidParameter('match[]', error) : error
  }
}

async function cleanTombstones({ admin }: ApiContext): Promise<undefined> {
  await admin.cleanTombstones()
}

async function snapshot({ admin, clock }: ApiContext, request: FastifyRequest): Promise<Reply> {
  const skipHead = booleanOf(Parameters.of(request).get('skip_head'))
  const name = snapshotName(clock.nowMs())
  try {
    await admin.snapshot(name, { skipHead })
  } catch (error) {
    throw new ApiError('internal', `create snapshot: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  return { data: { name } }
}

/** Go's strconv.ParseBool. */
function booleanOf(text: string): boolean {
  if (text === '') return false
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false
  const problem = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`
  throw invalidParameter('skip_head', `unable to parse boolean: ${problem}`)
}

/** Upstream's form: the time and 16 random hexadecimal digits. */
function snapshotName(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')
  const random = crypto.getRandomValues(new BigUint64Array(1))[0] >> 1n
  return `${time}-${random.toString(16).padStart(16, '0')}`
}
