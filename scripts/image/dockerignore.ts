import { matchesGlob } from 'node:path'

/**
 * `.dockerignore` as Docker reads it: patterns from the root of the context, a directory's pattern holds for all in it, the last match
 * decides, `!` takes back (but not out of a directory that is ignored as a whole). @returns whether a path (relative, with `/`) stays out
 */
export function readDockerignore(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ isException: line.startsWith('!'), pattern: line.replace(/^!/, '').replace(/^\/|\/$/g, '') }))
  return (path) => {
    const parents = path.split('/').map((_part, index, parts) => parts.slice(0, index + 1).join('/'))
    let isIgnored = false
    for (const { isException, pattern } of rules) {
      if (parents.some((part) => matchesGlob(part, pattern))) isIgnored = !isException
    }
    return isIgnored
  }
}
