import { quoteGo } from '@quartet/query'
import { z } from 'zod'
import { checked, section } from './fields.ts'

const attributes = z.array(z.string()).default([])

/** `otlp`: how OpenTelemetry metrics become series. */
export const otlpSection = checked(
  section('config.plain', {
    promote_all_resource_attributes: z.boolean().default(false),
    promote_resource_attributes: attributes,
    ignore_resource_attributes: attributes,
    translation_strategy: z
      .enum(
        [
          'UnderscoreEscapingWithSuffixes',
          'UnderscoreEscapingWithoutSuffixes',
          'NoUTF8EscapingWithSuffixes',
          'NoTranslation',
        ],
        { error: ({ input }) => `unsupported OTLP translation strategy ${quoteGo(String(input))}` },
      )
      .default('UnderscoreEscapingWithSuffixes'),
    keep_identifying_resource_attributes: z.boolean().default(false),
    convert_histograms_to_nhcb: z.boolean().default(false),
    promote_scope_metadata: z.boolean().default(false),
    label_name_underscore_sanitization: z.boolean().default(true),
    label_name_preserve_multiple_underscores: z.boolean().default(true),
  }),
  (otlp) => {
    const { promote_resource_attributes: promoted, ignore_resource_attributes: ignored } = otlp
    if (otlp.promote_all_resource_attributes) {
      if (promoted.length > 0) {
        return "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously"
      }
      const problem = attributesProblem(ignored, 'ignored')
      return problem === undefined ? undefined : `invalid 'ignore_resource_attributes': ${problem}`
    }
    if (ignored.length > 0) {
      return "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true"
    }
    const problem = attributesProblem(promoted, 'promoted')
    return problem === undefined ? undefined : `invalid 'promote_resource_attributes': ${problem}`
  },
)

export type OtlpSection = z.infer<typeof otlpSection>

function attributesProblem(names: readonly string[], adjective: string): string | undefined {
  const seen = new Set<string>()
  for (const name of names.map((text) => text.trim())) {
    if (name === '') return `empty ${adjective} OTel resource attribute`
    if (seen.has(name)) return `duplicated ${adjective} OTel resource attribute ${quoteGo(name)}`
    seen.add(name)
  }
  return undefined
}

/** Names without the blanks around them. */
export function effectiveOtlp(otlp: OtlpSection): OtlpSection {
  return {
    ...otlp,
    promote_resource_attributes: otlp.promote_resource_attributes.map((name) => name.trim()),
    ignore_resource_attributes: otlp.ignore_resource_attributes.map((name) => name.trim()),
  }
}

/** Strategies that keep UTF-8 need names that may hold it. */
export function strategyProblem(otlp: OtlpSection, isLegacy: boolean): string | undefined {
  const { translation_strategy: strategy } = otlp
  if (!isLegacy || strategy.startsWith('Underscore')) return undefined
  return `OTLP translation strategy ${quoteGo(strategy)} is not allowed when UTF8 is disabled`
}
