export interface LockEntry {
  readonly version?: string
  readonly link?: boolean
  readonly optional?: boolean
}
export function ensureInstalled(root?: string): Promise<void>
export function isInstalled(root: string, lock: { packages: Record<string, LockEntry> }): boolean
