import { compileRegex, RegexError } from '@quartet/query'
import type { Regex } from '@quartet/query'
import { z } from 'zod'

/** Where a policy's attribute is looked for. */
export type PolicyScope = 'resource' | 'span' | 'name' | 'kind' | 'status'

export interface PolicyAttribute {
  readonly scope: PolicyScope
  /** Name of the attribute; empty for the three intrinsics. */
  readonly key: string
  readonly value: string | number | boolean
  /** Whether a number was written as an integer, which only matches integers. */
  readonly isInteger: boolean
  /** Set for `match_type: regex`; found anywhere in the text, as upstream. */
  readonly regex: Regex | undefined
}

/** One entry of `filter_policies`: all of `include`, any of `includeAny` and none of `exclude` let a span pass. */
export interface FilterPolicy {
  readonly include?: readonly PolicyAttribute[]
  readonly includeAny?: readonly PolicyAttribute[]
  readonly exclude?: readonly PolicyAttribute[]
}

const ATTRIBUTE = z.strictObject({ key: z.string(), value: z.union([z.string(), z.number(), z.boolean()]) })

const MATCH = z
  .strictObject({ match_type: z.enum(['strict', 'regex']), attributes: z.array(ATTRIBUTE).default([]) })
  .transform(({ match_type: type, attributes }, context) =>
    attributes.flatMap(({ key, value }, index): PolicyAttribute[] => {
      const place = placeOf(key)
      const problem = (path: (string | number)[], message: string): [] => {
        context.addIssue({ code: 'custom', path: ['attributes', index, ...path], message })
        return []
      }
      if (place === undefined) {
        return problem(['key'], `unsupported key "${key}": resource.<name>, span.<name>, kind, name or status`)
      }
      const isInteger = typeof value === 'number' && Number.isInteger(value)
      if (type === 'strict') return [{ ...place, value, isInteger, regex: undefined }]
      if (typeof value !== 'string') return problem(['value'], `invalid regex value: ${value}`)
      try {
        return [{ ...place, value, isInteger, regex: compileRegex(value) }]
      } catch (error) {
        if (!(error instanceof RegexError)) throw error
        return problem(['value'], `invalid regexp value: ${value}: ${error.message}`)
      }
    }),
  )

export const FILTER_POLICY = z
  .strictObject({ include: MATCH.nullish(), include_any: MATCH.nullish(), exclude: MATCH.nullish() })
  .refine(
    ({ include, include_any: any, exclude }) => include ?? any ?? exclude,
    'invalid filter policy; policies must have at least an `include`, `include_any` or `exclude`',
  )
  .transform(({ include, include_any: includeAny, exclude }): FilterPolicy => ({
    ...(include ? { include } : {}),
    ...(includeAny ? { includeAny } : {}),
    ...(exclude ? { exclude } : {}),
  }))

function placeOf(key: string): { scope: PolicyScope; key: string } | undefined {
  if (key === 'name' || key === 'kind' || key === 'status') return { scope: key, key: '' }
  const [, scope, quoted, plain] = /^(resource|span)\.(?:"((?:[^"\\]|\\.)+)"|(.+))$/.exec(key) ?? []
  if (scope === undefined) return undefined
  return { scope: scope as PolicyScope, key: quoted?.replaceAll(/\\(.)/g, '$1') ?? plain! }
}
