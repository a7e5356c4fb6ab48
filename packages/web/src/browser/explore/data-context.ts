import type { DataFrame, Field, ScopedVars } from '@grafana/data'

interface DataContext {
  readonly frame: DataFrame
  readonly field: Field
  readonly rowIndex?: number
}

/**
 * The library says of a clicked cell only where it is; links want to know what it holds.
 * @returns the scoped variables with `__value.raw`, `.numeric`, `.text` and `__field.name`, `.labels` of that cell, and
 * `__data.fields.<name>` of its row
 */
export function withCellVariables(scopedVars: ScopedVars = {}): ScopedVars {
  const context = scopedVars['__dataContext']?.value as DataContext | undefined
  if (context?.rowIndex === undefined) return scopedVars
  const { field, frame, rowIndex } = context
  const raw: unknown = field.values[rowIndex]
  const text = field.display?.(raw).text ?? String(raw)
  const fields = Object.fromEntries(frame.fields.map(({ name, values }) => [name, values[rowIndex] as unknown]))
  return {
    ...scopedVars,
    __data: { text: frame.name ?? '', value: { name: frame.name, fields } },
    __value: { text, value: { raw, text, numeric: Number(raw) } },
    __field: { text: field.name, value: { name: field.name, labels: field.labels ?? {} } },
  }
}
