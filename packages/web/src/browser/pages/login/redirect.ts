import { localPath } from '../../../common/local-path.ts'

/** Where to go after signing in: where the address says when that is a path of this server, else `fallback`. */
export function redirectTarget(search: string, fallback: string): string {
  return localPath(new URLSearchParams(search).get('redirectTo')) ?? fallback
}
