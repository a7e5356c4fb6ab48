import { createHash, randomBytes } from 'node:crypto'

/** A dashboard or folder that cannot be saved, read or removed; `status` is upstream's HTTP status. */
export class DashboardError extends Error {
  readonly status: number
  /** Upstream's machine-readable reason, such as `version-mismatch`. */
  readonly reason: string | undefined

  constructor(status: number, message: string, reason?: string) {
    super(message)
    this.name = 'DashboardError'
    this.status = status
    this.reason = reason
  }
}

const MAX_UID_LENGTH = 40
const MAX_TITLE_LENGTH = 5000

/** @throws DashboardError */
export function checkUid(uid: string): void {
  if (uid.length > MAX_UID_LENGTH) throw new DashboardError(400, `uid too long, max ${MAX_UID_LENGTH} characters`)
  if (!/^[A-Za-z0-9_-]*$/.test(uid)) throw new DashboardError(400, 'uid contains illegal characters')
}

/** @throws DashboardError */
export function checkTitle(title: unknown): string {
  const text = typeof title === 'string' ? title.trim() : ''
  if (text === '') throw new DashboardError(400, 'Dashboard title cannot be empty', 'empty-name')
  if (text.length > MAX_TITLE_LENGTH)
    throw new DashboardError(400, 'Dashboard title cannot contain more than 5000 characters')
  return text
}

/** The readable last part of a dashboard's URL. */
export function slugOf(title: string): string {
  const plain = title
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toLowerCase()
  const slug = plain
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 50)
  // A title without Latin letters still needs a path.
  return slug === '' ? createHash('sha1').update(title).digest('hex').slice(0, 12) : slug
}

/** 14 characters, as upstream's. */
export function newUid(): string {
  const letter = 'abcdefghijklmnopqrstuvwxyz'[randomBytes(1)[0] % 26]
  return letter + randomBytes(10).toString('hex').slice(0, 13)
}

/** The same for the same name: a folder of a provider keeps its uid when the database is new. */
export function stableUid(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 14)
}
