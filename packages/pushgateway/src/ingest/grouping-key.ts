import { isLabelName, unescapeName } from '@quartet/model'
import type { FamilyLabel, NameRules } from '@quartet/model'
import { HttpError } from '@quartet/runtime'

const BASE64_SUFFIX = '@base64'

/**
 * The labels in a path below `/metrics`: `/job/some_job/instance@base64/MTI3LjAuMC4x`.
 * @param path with `%` escapes undone, starting at `/job`
 * @returns `job` and the others, sorted by name
 * @throws HttpError 400 with upstream's text
 */
export function parseGroupingKey(path: string, rules: NameRules): FamilyLabel[] {
  const [, marker = '', jobText = '', ...rest] = path.split('/')
  const labels = splitLabels(rest.length === 0 ? '' : '/' + rest.join('/'), rules)
  const job = marker.endsWith(BASE64_SUFFIX)
    ? decodeBase64(jobText, (reason) => `invalid base64 encoding in job name ${JSON.stringify(jobText)}: ${reason}`)
    : jobText
  if (job === '') throw new HttpError(400, 'job name is required')
  labels.set('job', job)
  return [...labels]
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** @param text what follows the job: empty, or `/name/value/name@base64/value…` */
export function splitLabels(text: string, rules: NameRules): Map<string, string> {
  const labels = new Map<string, string>()
  if (text.length <= 1) return labels
  const parts = text.slice(1).split('/')
  if (parts.length % 2 !== 0) {
    throw new HttpError(400, `odd number of components in label string ${JSON.stringify(text)}`)
  }
  for (let index = 0; index < parts.length; index += 2) {
    const [marked = '', value = ''] = parts.slice(index, index + 2)
    const isEncoded = marked.endsWith(BASE64_SUFFIX)
    const escaped = isEncoded ? marked.slice(0, -BASE64_SUFFIX.length) : marked
    const name = rules === 'utf8' ? unescapeName(escaped, 'values') : escaped
    if (!isLabelName(name, rules) || name.startsWith('__')) {
      throw new HttpError(400, `improper label name ${JSON.stringify(name)}`)
    }
    const decoded = isEncoded
      ? decodeBase64(value, (reason) => `invalid base64 encoding for label ${name}=${JSON.stringify(value)}: ${reason}`)
      : value
    labels.set(name, decoded)
  }
  return labels
}

/** URL-safe base64 whose padding does not matter: `=` is the empty value. */
function decodeBase64(text: string, explain: (reason: string) => string): string {
  const body = text.replace(/=+$/, '')
  const illegal = /[^A-Za-z0-9_-]/.exec(body)
  if (illegal) throw new HttpError(400, explain(`illegal base64 data at input byte ${illegal.index}`))
  if (body.length % 4 === 1) throw new HttpError(400, explain(`illegal base64 data at input byte ${body.length - 1}`))
  return Buffer.from(body, 'base64url').toString()
}
