/** Grafana's dashboard JSON (schema version 42), as far as it is read here. What is not named is kept, not read. */
export interface DashboardModel {
  readonly uid: string
  readonly title: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly timezone?: string
  readonly weekStart?: string
  readonly time?: { readonly from: string; readonly to: string }
  readonly timepicker?: { readonly refresh_intervals?: string[]; readonly hidden?: boolean; readonly nowDelay?: string }
  readonly refresh?: string | boolean
  readonly graphTooltip?: number
  readonly fiscalYearStartMonth?: number
  readonly templating: { readonly list: readonly VariableModel[] }
  readonly annotations: { readonly list: readonly AnnotationModel[] }
  readonly links: readonly DashboardLinkModel[]
  readonly panels: readonly PanelModel[]
}

export interface DataSourceReference {
  readonly uid?: string
  readonly type?: string
}

export interface GridPosition {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

export interface TargetModel {
  readonly refId: string
  readonly datasource?: DataSourceReference
  readonly [property: string]: unknown
}

export interface FieldConfigModel {
  readonly defaults: Readonly<Record<string, unknown>>
  readonly overrides: readonly {
    readonly matcher: { readonly id: string; readonly options?: unknown }
    readonly properties: readonly { readonly id: string; readonly value?: unknown }[]
  }[]
}

export interface PanelModel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: GridPosition
  readonly datasource?: DataSourceReference
  readonly targets: readonly TargetModel[]
  readonly options: Readonly<Record<string, unknown>>
  readonly fieldConfig: FieldConfigModel
  readonly transformations: readonly {
    readonly id: string
    readonly options: Readonly<Record<string, unknown>>
    readonly disabled?: boolean
  }[]
  readonly pluginVersion?: string
  readonly transparent?: boolean
  readonly maxDataPoints?: number
  readonly interval?: string
  readonly timeFrom?: string
  readonly timeShift?: string
  readonly hideTimeOverride?: boolean
  readonly links: readonly PanelLinkModel[]
  readonly repeat?: string
  readonly repeatDirection?: 'h' | 'v'
  readonly maxPerRow?: number
  /** Rows only. */
  readonly collapsed?: boolean
  /** Panels of a collapsed row; those of an open row follow it in the dashboard's list. */
  readonly panels?: readonly PanelModel[]
}

export interface PanelLinkModel {
  readonly title: string
  readonly url: string
  readonly targetBlank?: boolean
}

export interface DashboardLinkModel {
  readonly type: 'link' | 'dashboards'
  readonly title: string
  readonly url?: string
  readonly icon?: string
  readonly tooltip?: string
  readonly tags?: readonly string[]
  readonly asDropdown?: boolean
  readonly targetBlank?: boolean
  readonly includeVars?: boolean
  readonly keepTime?: boolean
}

export interface AnnotationModel {
  readonly name: string
  readonly builtIn?: number
  readonly enable?: boolean
  readonly hide?: boolean
  readonly iconColor?: string
  readonly datasource?: DataSourceReference
  readonly [property: string]: unknown
}

export interface VariableModel {
  readonly name: string
  readonly type: string
  readonly label?: string
  readonly description?: string
  readonly hide?: number
  readonly skipUrlSync?: boolean
  readonly query?: unknown
  readonly definition?: string
  readonly datasource?: DataSourceReference
  readonly regex?: string
  readonly sort?: number
  readonly refresh?: number
  readonly multi?: boolean
  readonly includeAll?: boolean
  readonly allValue?: string | null
  readonly current?: { readonly value?: string | string[]; readonly text?: string | string[] }
  readonly options?: readonly { readonly value: string; readonly text: string; readonly selected?: boolean }[]
  readonly auto?: boolean
  readonly auto_count?: number
  readonly auto_min?: string
  readonly filters?: readonly { readonly key: string; readonly operator: string; readonly value: string }[]
  readonly baseFilters?: readonly { readonly key: string; readonly operator: string; readonly value: string }[]
}
