import { PanelPlugin, type GrafanaTheme2 } from '@grafana/data'
import { Icon, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { customFieldOptions } from '../common/options.ts'

/** Keeps the place of a panel whose type is not built yet, and says so. Its queries still run, so Inspect works. */
export function unknownPanel(type: string): PanelPlugin {
  return new PanelPlugin(() => <Placeholder type={type} />).useFieldConfig({ useCustomConfig: customFieldOptions({}) })
}

function Placeholder({ type }: { readonly type: string }): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <div className={styles.box}>
      <Icon name="info-circle" size="xl" />
      <div>
        Quartet does not draw panels of type <code>{type}</code> yet.
      </div>
      <small>The panel menu’s Inspect shows its data.</small>
    </div>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  box: css({
    height: '100%',
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    justifyContent: 'center',
    gap: theme.spacing(1),
    textAlign: 'center',
    color: theme.colors.text.secondary,
  }),
})
