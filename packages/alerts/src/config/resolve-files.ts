import { resolve } from 'node:path'

/** Makes the value of every `…_file` key absolute, in place: relative paths count from the configuration's directory. */
export function resolveFiles(value: unknown, directory: string): void {
  if (Array.isArray(value)) {
    for (const item of value) resolveFiles(item, directory)
    return
  }
  if (typeof value !== 'object' || value === null) return
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return
  const section = value as Record<string, unknown>
  for (const [key, item] of Object.entries(section)) {
    if (typeof item === 'string' && key.endsWith('_file') && item !== '') section[key] = resolve(directory, item)
    else resolveFiles(item, directory)
  }
}
