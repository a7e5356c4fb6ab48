import { dirname, resolve } from 'node:path'
import { DurationError, parseDuration, parseTime, TimeError } from '@quartet/query'
import { loadYaml } from '@quartet/runtime'
import { z } from 'zod'
import { filesOf } from '../../config/file-patterns.ts'

const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  try {
    return value === 0 || value === '0' ? 0 : parseDuration(String(value))
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return 0
  }
})

const time = z.union([z.string(), z.number()]).transform((value, context) => {
  try {
    return parseTime(String(value))
  } catch (error) {
    if (!(error instanceof TimeError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return 0
  }
})

const record = z.record(z.string(), z.string())

const alertTest = z.strictObject({
  eval_time: duration.default(0),
  alertname: z.string().default(''),
  exp_alerts: z
    .array(z.strictObject({ exp_labels: record.default({}), exp_annotations: record.default({}) }))
    .default([]),
})

const exprTest = z.strictObject({
  expr: z.string(),
  eval_time: duration.default(0),
  exp_samples: z
    .array(
      z.strictObject({
        labels: z.string().default(''),
        value: z.union([z.number(), z.string()]).default(0),
        histogram: z.string().default(''),
      }),
    )
    .default([]),
})

const testGroup = z.strictObject({
  name: z.string().default(''),
  interval: duration.default(0),
  input_series: z
    .array(z.strictObject({ series: z.string(), values: z.union([z.string(), z.number()]).transform(String) }))
    .default([]),
  alert_rule_test: z.array(alertTest).default([]),
  promql_expr_test: z.array(exprTest).default([]),
  external_labels: record.default({}),
  external_url: z.string().default(''),
  start_timestamp: time.default(0),
})

const schema = z.strictObject({
  rule_files: z.array(z.string()).default([]),
  evaluation_interval: duration.default(0),
  group_eval_order: z.array(z.string()).default([]),
  tests: z.array(testGroup).default([]),
  fuzzy_compare: z.boolean().default(false),
})

export type UnitTestFile = z.infer<typeof schema>
export type UnitTestGroup = z.infer<typeof testGroup>
export type AlertTest = z.infer<typeof alertTest>
export type ExprTest = z.infer<typeof exprTest>

const DEFAULT_INTERVAL_MS = 60_000

/** @throws ConfigError with every problem as `file:line:col` */
export async function loadUnitTestFile(path: string): Promise<{
  readonly file: UnitTestFile
  readonly intervalMs: number
  /** Absolute. */
  readonly ruleFiles: readonly string[]
  /** Patterns without a file. */
  readonly unmatched: readonly string[]
}> {
  const { value } = await loadYaml<UnitTestFile>({ path, schema: schema as z.ZodType<UnitTestFile> })
  const directory = dirname(path)
  const ruleFiles: string[] = []
  const unmatched: string[] = []
  for (const pattern of value.rule_files) {
    const found = await filesOf(resolve(directory, pattern))
    if (found.length === 0) unmatched.push(resolve(directory, pattern))
    ruleFiles.push(...found)
  }
  return { file: value, intervalMs: value.evaluation_interval || DEFAULT_INTERVAL_MS, ruleFiles, unmatched }
}
