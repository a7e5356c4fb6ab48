import { DurationError, parseDuration } from '@quartet/query'
import { z } from 'zod'

/** Milliseconds from a Prometheus duration. */
const duration = z.string().transform((text, context) => {
  try {
    return parseDuration(text)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
})

const stringMap = z.record(z.string(), z.string(), { error: (issue) => cannot(issue.input, 'map[string]string') })

/** An entry without a value has no fields, rather than being no entry. */
const rule = z.preprocess(
  (value) => value ?? {},
  section('rulefmt.Rule', {
    record: z.string().default(''),
    alert: z.string().default(''),
    expr: z.string().default(''),
    for: duration.default(0),
    keep_firing_for: duration.default(0),
    labels: stringMap.default({}),
    annotations: stringMap.default({}),
  }),
)

const group = z.preprocess(
  (value) => value ?? {},
  section('rulefmt.RuleGroup', {
    name: z.string().default(''),
    interval: duration.default(0),
    query_offset: duration.optional(),
    limit: z.int({ error: (issue) => cannot(issue.input, 'int') }).default(0),
    rules: z.array(rule, { error: (issue) => cannot(issue.input, '[]rulefmt.Rule') }).default([]),
    labels: stringMap.default({}),
  }),
)

/** A rule file; keys and texts about its shape are upstream's. */
export const ruleFileSchema = z.preprocess(
  (value) => value ?? {},
  section('rulefmt.RuleGroups', {
    groups: z.array(group, { error: (issue) => cannot(issue.input, '[]rulefmt.RuleGroup') }).default([]),
  }),
)

export type RuleFile = z.infer<typeof ruleFileSchema>
export type RuleSection = RuleFile['groups'][number]['rules'][number]

function section<Shape extends z.ZodRawShape>(type: string, shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `field {key} not found in type ${type}` : cannot(issue.input, type),
  })
}

/** go-yaml's complaint about a value of the wrong kind. */
function cannot(value: unknown, type: string): string {
  const shown = typeof value === 'object' ? '' : ` \`${String(value)}\``
  return `cannot unmarshal ${yamlTag(value)}${shown} into ${type}`
}

function yamlTag(value: unknown): string {
  if (value === null || value === undefined) return '!!null'
  if (Array.isArray(value)) return '!!seq'
  if (typeof value === 'object') return '!!map'
  if (typeof value === 'number') return Number.isInteger(value) ? '!!int' : '!!float'
  return typeof value === 'boolean' ? '!!bool' : '!!str'
}
