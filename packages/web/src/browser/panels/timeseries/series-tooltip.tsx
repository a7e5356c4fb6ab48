import {
  dateTimeFormat,
  FieldType,
  formattedValueToString,
  getFieldDisplayName,
  type DataFrame,
  type Field,
  type GrafanaTheme2,
  type TimeZone,
} from '@grafana/data'
import { SortOrder } from '@grafana/schema'
import { SeriesTable, useStyles2, type SeriesTableRowProps } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'

/** More rows than this would leave the screen. */
const maximumRows = 40

interface Props {
  readonly frame: DataFrame
  /** Row under the cursor, for every field. */
  readonly indexes: readonly (number | null)[]
  readonly seriesIndex: number | null
  readonly isPinned: boolean
  readonly isMulti: boolean
  readonly sort: SortOrder
  readonly hideZeros: boolean
  readonly timeZone: TimeZone
}

export function SeriesTooltip(props: Props): ReactNode {
  const { frame, indexes, seriesIndex, isMulti, timeZone } = props
  const styles = useStyles2(getStyles)
  const rows = rowsOf(props)
  const timeIndex = indexes[isMulti ? 0 : (seriesIndex ?? 0)] ?? indexes[0]
  const time = timeIndex === null || timeIndex === undefined ? undefined : frame.fields[0]?.values[timeIndex]
  return (
    <div className={styles.box}>
      <SeriesTable
        timestamp={time === undefined ? '' : dateTimeFormat(time as number, { timeZone })}
        series={rows.slice(0, maximumRows)}
      />
      {rows.length > maximumRows && <div className={styles.more}>and {rows.length - maximumRows} more</div>}
    </div>
  )
}

function rowsOf({ frame, indexes, seriesIndex, isMulti, sort, hideZeros }: Props): SeriesTableRowProps[] {
  const rows: { readonly value: number; readonly row: SeriesTableRowProps }[] = []
  for (const [index, field] of frame.fields.entries()) {
    if (index === 0 || field.type !== FieldType.number || isHidden(field)) continue
    if (!isMulti && index !== seriesIndex) continue
    const at = indexes[index]
    const value: unknown = at === null || at === undefined ? null : field.values[at]
    if (value === null || value === undefined || (hideZeros && value === 0)) continue
    const display = field.display?.(value)
    if (!display) continue
    rows.push({
      value: display.numeric,
      row: {
        label: getFieldDisplayName(field, frame),
        color: display.color ?? '',
        value: formattedValueToString(display),
        isActive: isMulti && index === seriesIndex,
      },
    })
  }
  if (isMulti && sort !== SortOrder.None) {
    rows.sort((a, b) => (sort === SortOrder.Ascending ? a.value - b.value : b.value - a.value))
  }
  return rows.map(({ row }) => row)
}

function isHidden(field: Field): boolean {
  const { hideFrom } = (field.config.custom ?? {}) as { hideFrom?: { tooltip?: boolean; viz?: boolean } }
  return hideFrom?.tooltip === true || hideFrom?.viz === true
}

const getStyles = (theme: GrafanaTheme2) => ({
  box: css({ padding: theme.spacing(1), minWidth: 140, maxHeight: 500, overflow: 'auto' }),
  more: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
})
