import type { FieldConfigModel } from '../model.ts'
import type { Json } from './json.ts'

/** What a migration of a panel type decides; the rest of the panel stays. */
export interface MigratedPanel {
  readonly type: string
  readonly options: Json
  readonly fieldConfig: FieldConfigModel | { readonly defaults: Json; readonly overrides: readonly object[] }
  readonly transformations?: readonly Json[]
}
