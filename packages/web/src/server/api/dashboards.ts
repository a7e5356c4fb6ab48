import { HttpError } from '@quartet/runtime'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type {
  DashboardHitDto,
  DashboardJson,
  DashboardMetaDto,
  DashboardWithMetaDto,
  SaveDashboardRequest,
  SaveDashboardResponse,
} from '../../common/api.ts'
import type { Services } from './services.ts'
import type { DashboardRow } from '../storage/dashboards.ts'
import { requireRole, requireUser } from './authentication.ts'
import { homeDashboardUid } from './boot-data.ts'

const MAX_HITS = 5000
const DEFAULT_HITS = 1000

export function addDashboardRoutes(api: FastifyInstance, services: Services): void {
  const { dashboards, folders, provisioner } = services

  const read = async (request: FastifyRequest, uid: string): Promise<DashboardWithMetaDto> => {
    const user = requireUser(request)
    const row = await dashboards.get(uid)
    if (!row) throw new HttpError(404, 'Dashboard not found')
    const isStarred = (await dashboards.stars(user.id)).has(uid)
    const canEdit = user.org_role === 'Editor' || user.org_role === 'Admin'
    const folder = await folders.get(row.folder_uid)
    const json = JSON.parse(row.data) as DashboardJson
    return {
      meta: {
        ...metaOf(row, folder?.title ?? ''),
        canSave: canEdit && (row.provider === '' || provisioner.isUiUpdateAllowed(row.provider)),
        canEdit,
        canStar: true,
        isStarred,
      },
      dashboard: { ...json, id: row.id, uid: row.uid, version: row.version },
    }
  }

  api.get<{ Params: { uid: string } }>('/api/dashboards/uid/:uid', (request) => read(request, request.params.uid))

  api.get('/api/dashboards/home', async (request) => {
    requireUser(request)
    const uid = await homeDashboardUid(services)
    const row = uid === '' ? undefined : await dashboards.get(uid)
    if (row) return { redirectUri: urlOf(row) }
    return {
      meta: { isHome: true, canSave: false, canEdit: false, canStar: false },
      dashboard: { title: 'Home', panels: [] },
    }
  })

  api.get('/api/dashboards/tags', async (request) => {
    requireUser(request)
    return dashboards.tags()
  })

  api.post<{ Body: SaveDashboardRequest | undefined }>(
    '/api/dashboards/db',
    async (request): Promise<SaveDashboardResponse> => {
      const user = requireRole(request, 'Editor')
      const { dashboard, folderUid = '', overwrite = false, message = '' } = checkedSave(request.body)
      if (folderUid !== '' && !(await folders.get(folderUid))) throw new HttpError(400, 'folder not found')
      const row = await dashboards.save({
        json: dashboard,
        folderUid,
        overwrite,
        message,
        login: user.login,
        isUiUpdateAllowed: (provider) => provisioner.isUiUpdateAllowed(provider),
      })
      return { id: row.id, uid: row.uid, url: urlOf(row), status: 'success', version: row.version, slug: row.slug }
    },
  )

  api.delete<{ Params: { uid: string } }>('/api/dashboards/uid/:uid', async (request) => {
    requireRole(request, 'Editor')
    const row = await dashboards.get(request.params.uid)
    if (!row) throw new HttpError(404, 'Dashboard not found')
    if (row.provider !== '') throw new HttpError(400, 'provisioned dashboard cannot be deleted')
    await dashboards.remove(row.uid)
    return { title: row.title, message: `Dashboard ${row.title} deleted`, uid: row.uid }
  })

  api.get<{ Params: { uid: string }; Querystring: { limit?: string } }>(
    '/api/dashboards/uid/:uid/versions',
    async (request) => {
      requireUser(request)
      if (!(await dashboards.get(request.params.uid))) throw new HttpError(404, 'Dashboard not found')
      const versions = await dashboards.versions(request.params.uid, boundedCount(request.query.limit, 1000, 1000))
      return {
        continueToken: '',
        versions: versions.map((row) => ({
          id: row.id,
          dashboardUID: row.dashboard_uid,
          parentVersion: row.parent_version,
          restoredFrom: 0,
          version: row.version,
          created: new Date(row.created_ms).toISOString(),
          createdBy: row.created_by,
          message: row.message,
          data: null,
        })),
      }
    },
  )

  api.get<{ Querystring: Record<string, string | string[] | undefined> }>('/api/search', async (request) => {
    const user = requireUser(request)
    return search(services, user.id, request.query)
  })

  api.get('/api/folders', async (request) => {
    requireUser(request)
    return (await folders.list()).map(({ id, uid, title }) => ({ id, uid, title }))
  })
  api.get<{ Params: { uid: string } }>('/api/folders/:uid', async (request) => {
    requireUser(request)
    const folder = await folders.get(request.params.uid)
    if (!folder) throw new HttpError(404, 'folder not found')
    return {
      id: folder.id,
      uid: folder.uid,
      title: folder.title,
      url: `/dashboards/f/${folder.uid}`,
      canSave: false,
      created: new Date(folder.created_ms).toISOString(),
      updated: new Date(folder.updated_ms).toISOString(),
      version: 1,
    }
  })

  api.get('/api/annotations', async (request) => {
    requireUser(request)
    return []
  })
  api.get('/api/annotations/tags', async (request) => {
    requireUser(request)
    return { result: { tags: [] } }
  })
}

type SearchQuery = Readonly<Record<string, string | string[] | undefined>>

async function search(services: Services, userId: number, query: SearchQuery): Promise<DashboardHitDto[]> {
  const { dashboards, folders } = services
  const all = (name: string): string[] => [query[name] ?? []].flat()
  const one = (name: string): string | undefined => all(name)[0]
  const limit = boundedCount(one('limit'), DEFAULT_HITS, MAX_HITS)
  const page = boundedCount(one('page'), 1, 1_000_000)
  const text = one('query') ?? ''
  const type = one('type')
  const known = await folders.list()
  const titles = new Map(known.map((folder) => [folder.uid, folder.title]))
  const hits: DashboardHitDto[] = []
  const wantsOnlyDashboards = all('tag').length > 0 || one('starred') === 'true' || all('dashboardUIDs').length > 0
  if (type !== 'dash-db' && !wantsOnlyDashboards && page === 1) {
    for (const { id, uid, title } of known) {
      if (!title.toLowerCase().includes(text.toLowerCase())) continue
      hits.push({ id, uid, title, url: `/dashboards/f/${uid}`, type: 'dash-folder', tags: [], isStarred: false })
    }
  }
  if (type === 'dash-folder') return hits.slice(0, limit)
  const stars = await dashboards.stars(userId)
  const uids = all('dashboardUIDs').flatMap((value) => value.split(','))
  const folderUids = all('folderUIDs')
    .flatMap((value) => value.split(','))
    .map((uid) => (uid === 'general' ? '' : uid))
  const rows = await dashboards.search({
    text,
    tags: all('tag'),
    ...(uids.length > 0 && { uids }),
    ...(folderUids.length > 0 && { folderUids }),
    ...(one('starred') === 'true' && { starredBy: userId }),
    limit,
    offset: (page - 1) * limit,
  })
  for (const row of rows) {
    const folderTitle = titles.get(row.folder_uid)
    hits.push({
      id: row.id,
      uid: row.uid,
      title: row.title,
      url: urlOf(row),
      type: 'dash-db',
      tags: JSON.parse(row.tags) as string[],
      isStarred: stars.has(row.uid),
      ...(folderTitle !== undefined && { folderUid: row.folder_uid, folderTitle }),
    })
  }
  return hits.slice(0, limit)
}

function urlOf(row: Pick<DashboardRow, 'uid' | 'slug'>): string {
  return `/d/${row.uid}/${row.slug}`
}

function metaOf(
  row: DashboardRow,
  folderTitle: string,
): Omit<DashboardMetaDto, 'canSave' | 'canEdit' | 'canStar' | 'isStarred'> {
  return {
    slug: row.slug,
    url: urlOf(row),
    type: 'db',
    provisioned: row.provider !== '',
    provisionedExternalId: row.external_id,
    folderUid: row.folder_uid,
    folderTitle,
    version: row.version,
    created: new Date(row.created_ms).toISOString(),
    updated: new Date(row.updated_ms).toISOString(),
    createdBy: row.created_by,
    updatedBy: row.updated_by,
  }
}

function checkedSave(body: unknown): SaveDashboardRequest {
  const { dashboard, folderUid, overwrite, message } = (body ?? {}) as Record<string, unknown>
  if (typeof dashboard !== 'object' || dashboard === null || Array.isArray(dashboard)) {
    throw new HttpError(400, 'bad request data')
  }
  return {
    dashboard: dashboard as DashboardJson,
    folderUid: typeof folderUid === 'string' ? folderUid : '',
    overwrite: overwrite === true,
    message: typeof message === 'string' ? message.slice(0, 500) : '',
  }
}

function boundedCount(text: string | undefined, fallback: number, max: number): number {
  const count = Number(text)
  return Number.isInteger(count) && count > 0 ? Math.min(count, max) : fallback
}
