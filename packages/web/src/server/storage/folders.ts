import type { Clock } from '@quartet/runtime'
import type { Database } from './database.ts'
import { stableUid } from './dashboard-rules.ts'
import type { FolderRow } from './schema.ts'

/** Folders of dashboards; so far only provisioning makes them. */
export class Folders {
  readonly #db: Database
  readonly #clock: Clock

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  list(): Promise<FolderRow[]> {
    return this.#db.selectFrom('folder').selectAll().orderBy('title').execute()
  }

  get(uid: string): Promise<FolderRow | undefined> {
    return this.#db.selectFrom('folder').selectAll().where('uid', '=', uid).executeTakeFirst()
  }

  /** The folder of that title for a provider, made when it is missing; `''` (the root) for an empty title. */
  async provide(folder: { title: string; uid?: string; provider: string }): Promise<string> {
    if (folder.title === '') return ''
    const uid = folder.uid ?? (await this.#byTitle(folder.title)) ?? stableUid(`folder ${folder.title}`)
    const nowMs = this.#clock.nowMs()
    await this.#db
      .insertInto('folder')
      .values({
        uid,
        title: folder.title,
        parent_uid: '',
        provider: folder.provider,
        created_ms: nowMs,
        updated_ms: nowMs,
      })
      .onConflict((conflict) => conflict.column('uid').doUpdateSet({ title: folder.title }))
      .execute()
    return uid
  }

  async #byTitle(title: string): Promise<string | undefined> {
    const row = await this.#db.selectFrom('folder').select('uid').where('title', '=', title).executeTakeFirst()
    return row?.uid
  }
}
