import type { Clock } from '@quartet/runtime'
import { EventEmitter } from 'node:events'
import type { DashboardChange, DashboardJson } from '../../common/api.ts'
import type { Database } from './database.ts'
import { checkTitle, checkUid, DashboardError, newUid, slugOf } from './dashboard-rules.ts'
import type { DashboardRow } from './schema.ts'

export type { DashboardRow }

export interface DashboardSearch {
  /** Part of the title, letters of either case. */
  readonly text?: string
  /** All of them. */
  readonly tags?: readonly string[]
  readonly uids?: readonly string[]
  readonly folderUids?: readonly string[]
  /** Only what this user starred. */
  readonly starredBy?: number
  readonly limit: number
  readonly offset: number
}

/** A dashboard's file as a provider read it. */
export interface ProvisionedDashboard {
  readonly json: DashboardJson
  readonly uid: string
  readonly folderUid: string
  readonly provider: string
  readonly externalId: string
  readonly checksum: string
}

/** Dashboards and their versions. Every change is told to the listeners of {@link onChange}. */
export class Dashboards {
  readonly #db: Database
  readonly #clock: Clock
  readonly #versionsToKeep: number
  readonly #changes = new EventEmitter<{ change: [DashboardChange] }>().setMaxListeners(0)

  constructor(db: Database, options: { clock: Clock; versionsToKeep: number }) {
    this.#db = db
    this.#clock = options.clock
    this.#versionsToKeep = options.versionsToKeep
  }

  /** @returns a function that ends it */
  onChange(listener: (change: DashboardChange) => void): () => void {
    this.#changes.on('change', listener)
    return () => this.#changes.off('change', listener)
  }

  get(uid: string): Promise<DashboardRow | undefined> {
    return this.#db.selectFrom('dashboard').selectAll().where('uid', '=', uid).executeTakeFirst()
  }

  async count(): Promise<number> {
    const row = await this.#db
      .selectFrom('dashboard')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirst()
    return row?.n ?? 0
  }

  async search(search: DashboardSearch): Promise<Omit<DashboardRow, 'data'>[]> {
    let query = this.#db.selectFrom('dashboard').select(SEARCH_COLUMNS)
    if (search.text) query = query.where('title', 'like', `%${search.text.replaceAll(/[%_]/g, '')}%`)
    if (search.uids) query = query.where('uid', 'in', search.uids)
    if (search.folderUids) query = query.where('folder_uid', 'in', search.folderUids)
    for (const tag of search.tags ?? []) query = query.where('tags', 'like', `%${JSON.stringify(tag)}%`)
    if (search.starredBy !== undefined) {
      const { starredBy } = search
      query = query.where('uid', 'in', (eb) =>
        eb.selectFrom('star').select('dashboard_uid').where('user_id', '=', starredBy),
      )
    }
    return query.orderBy('title').orderBy('id').limit(search.limit).offset(search.offset).execute()
  }

  async tags(): Promise<{ term: string; count: number }[]> {
    const counts = new Map<string, number>()
    for (const { tags } of await this.#db.selectFrom('dashboard').select('tags').execute()) {
      for (const tag of JSON.parse(tags) as string[]) counts.set(tag, (counts.get(tag) ?? 0) + 1)
    }
    return [...counts].map(([term, count]) => ({ term, count })).toSorted((a, b) => (a.term < b.term ? -1 : 1))
  }

  /**
   * Saves what a person sends.
   * @param save.isUiUpdateAllowed whether the provider of a provisioned dashboard lets the UI save over it
   * @throws DashboardError with upstream's statuses: 400, 404, 412
   */
  async save(save: {
    json: DashboardJson
    folderUid: string
    overwrite: boolean
    message: string
    login: string
    isUiUpdateAllowed: (provider: string) => boolean
  }): Promise<DashboardRow> {
    const title = checkTitle(save.json.title)
    const uid = save.json.uid || newUid()
    checkUid(uid)
    return this.#change(uid, async (db) => {
      const existing = await db.selectFrom('dashboard').selectAll().where('uid', '=', uid).executeTakeFirst()
      const id = save.json['id']
      if (!existing && typeof id === 'number' && id > 0)
        throw new DashboardError(404, 'Dashboard not found', 'not-found')
      if (existing && existing.provider !== '' && !save.isUiUpdateAllowed(existing.provider)) {
        throw new DashboardError(400, 'Cannot save provisioned dashboard')
      }
      if (existing && !save.overwrite && save.json.version !== existing.version) {
        if (id === undefined || id === null) {
          throw new DashboardError(412, 'A dashboard with the same uid already exists', 'name-exists')
        }
        throw new DashboardError(412, 'The dashboard has been changed by someone else', 'version-mismatch')
      }
      const place = existing && existing.provider !== '' ? existing : PERSONAL
      return this.#write(db, existing, {
        json: save.json,
        uid,
        title,
        folderUid: save.folderUid,
        provider: place.provider,
        externalId: place.external_id,
        checksum: place.checksum,
        login: save.login,
        message: save.message,
      })
    })
  }

  /** Writes what a file holds; nothing happens when it is the file of the last time. */
  async provision(dashboard: ProvisionedDashboard): Promise<'written' | 'unchanged'> {
    const known = await this.get(dashboard.uid)
    if (
      known?.checksum === dashboard.checksum &&
      known.provider === dashboard.provider &&
      known.external_id === dashboard.externalId &&
      known.folder_uid === dashboard.folderUid
    ) {
      return 'unchanged'
    }
    const title = checkTitle(dashboard.json.title)
    await this.#change(dashboard.uid, async (db) => {
      const existing = await db.selectFrom('dashboard').selectAll().where('uid', '=', dashboard.uid).executeTakeFirst()
      return this.#write(db, existing, { ...dashboard, title, login: '', message: '' })
    })
    return 'written'
  }

  provisioned(provider: string): Promise<Pick<DashboardRow, 'uid' | 'external_id'>[]> {
    return this.#db.selectFrom('dashboard').select(['uid', 'external_id']).where('provider', '=', provider).execute()
  }

  /** Names of all providers that dashboards came from, also of those that are no longer configured. */
  async providers(): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('dashboard')
      .select('provider')
      .distinct()
      .where('provider', '!=', '')
      .execute()
    return rows.map(({ provider }) => provider)
  }

  /** What was provisioned becomes a person's: its file is gone but it is to be kept. */
  async release(uid: string): Promise<void> {
    await this.#db
      .updateTable('dashboard')
      .set({ provider: '', external_id: '', checksum: '' })
      .where('uid', '=', uid)
      .execute()
  }

  /** @returns whether there was one */
  async remove(uid: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db.deleteFrom('dashboard').where('uid', '=', uid).executeTakeFirstOrThrow()
    if (numDeletedRows > 0n) this.#changes.emit('change', { uid, action: 'deleted', version: 0 })
    return numDeletedRows > 0n
  }

  versions(uid: string, limit: number) {
    return this.#db
      .selectFrom('dashboard_version')
      .selectAll()
      .where('dashboard_uid', '=', uid)
      .orderBy('version', 'desc')
      .limit(limit)
      .execute()
  }

  async stars(userId: number): Promise<Set<string>> {
    const rows = await this.#db.selectFrom('star').select('dashboard_uid').where('user_id', '=', userId).execute()
    return new Set(rows.map((row) => row.dashboard_uid))
  }

  async setStar(userId: number, uid: string, isStarred: boolean): Promise<void> {
    if (isStarred) {
      const values = { user_id: userId, dashboard_uid: uid }
      await this.#db
        .insertInto('star')
        .values(values)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    } else {
      await this.#db.deleteFrom('star').where('user_id', '=', userId).where('dashboard_uid', '=', uid).execute()
    }
  }

  async #change(uid: string, write: (db: Database) => Promise<DashboardRow>): Promise<DashboardRow> {
    const row = await this.#db.transaction().execute(write)
    this.#changes.emit('change', { uid, action: 'saved', version: row.version })
    return row
  }

  async #write(db: Database, existing: DashboardRow | undefined, next: NextDashboard): Promise<DashboardRow> {
    const nowMs = this.#clock.nowMs()
    const version = (existing?.version ?? 0) + 1
    const values = {
      slug: slugOf(next.title),
      title: next.title,
      tags: JSON.stringify(tagsOf(next.json)),
      data: JSON.stringify({ ...next.json, uid: next.uid, id: undefined, version: undefined }),
      version,
      folder_uid: next.folderUid,
      updated_ms: nowMs,
      updated_by: next.login,
      provider: next.provider,
      external_id: next.externalId,
      checksum: next.checksum,
    }
    const row = await (
      existing
        ? db.updateTable('dashboard').set(values).where('id', '=', existing.id).returningAll()
        : db
            .insertInto('dashboard')
            .values({ ...values, uid: next.uid, created_ms: nowMs, created_by: next.login })
            .returningAll()
    ).executeTakeFirstOrThrow()
    await db
      .insertInto('dashboard_version')
      .values({
        dashboard_uid: next.uid,
        version,
        parent_version: existing?.version ?? 0,
        data: values.data,
        message: next.message,
        created_ms: nowMs,
        created_by: next.login,
      })
      .execute()
    await db
      .deleteFrom('dashboard_version')
      .where('dashboard_uid', '=', next.uid)
      .where('version', '<=', version - this.#versionsToKeep)
      .execute()
    return row
  }
}

interface NextDashboard {
  readonly json: DashboardJson
  readonly uid: string
  readonly title: string
  readonly folderUid: string
  readonly provider: string
  readonly externalId: string
  readonly checksum: string
  readonly login: string
  readonly message: string
}

const PERSONAL = { provider: '', external_id: '', checksum: '' }

const SEARCH_COLUMNS = [
  'id',
  'uid',
  'slug',
  'title',
  'tags',
  'version',
  'folder_uid',
  'created_ms',
  'updated_ms',
  'created_by',
  'updated_by',
  'provider',
  'external_id',
  'checksum',
] as const

function tagsOf(json: DashboardJson): string[] {
  const { tags } = json
  return Array.isArray(tags) ? [...new Set(tags.filter((tag) => typeof tag === 'string'))] : []
}
