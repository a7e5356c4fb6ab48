import type { DataFrame, Field, FieldConfig, FieldType, Labels, QueryResultMeta } from '@grafana/data'

/**
 * Frames are columns. These builders make them without loading the library, so that everything that turns a store's
 * answer into frames runs and is tested without a browser.
 */
export function frame(options: {
  readonly refId?: string
  readonly name?: string
  readonly fields: Field[]
  readonly meta?: QueryResultMeta
}): DataFrame {
  return { ...options, length: options.fields[0]?.values.length ?? 0 }
}

export function column(
  type: 'time' | 'number' | 'string' | 'boolean' | 'other',
  name: string,
  values: unknown[],
  options: { readonly labels?: Labels; readonly config?: FieldConfig } = {},
): Field {
  return {
    name,
    type: type as FieldType,
    values,
    config: options.config ?? {},
    ...(options.labels === undefined ? {} : { labels: options.labels }),
  }
}
