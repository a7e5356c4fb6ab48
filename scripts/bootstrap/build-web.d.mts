export function ensureWebBuilt(root?: string, build?: (root: string) => Promise<void>): Promise<void>
export function servesPage(args: readonly string[]): boolean
