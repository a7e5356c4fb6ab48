import type { GrafanaTheme2 } from '@grafana/data'
import { locationService } from '@grafana/runtime'
import type { SceneObject } from '@grafana/scenes'
import { Alert, Button, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { InspectDrawer } from '../inspect/inspect-drawer.tsx'
import { DashboardLinkList } from './dashboard-link-list.tsx'
import type { ShownDashboard } from './dashboard-state.ts'

export function DashboardView({ model }: { readonly model: ShownDashboard & SceneObject }): ReactNode {
  const styles = useStyles2(getStyles)
  const { variableControls, timeControls, body, viewPanel, inspect, inspectTab, links } = model.useState()
  // Copies of repeated panels come and go.
  body.useState()
  const viewed = model.findPanel(viewPanel)
  const inspected = model.findPanel(inspect)
  return (
    <div className={styles.page}>
      <div className={styles.controls}>
        {variableControls.map((control) => (
          <control.Component key={control.state.key} model={control} />
        ))}
        <span className={styles.space} />
        <DashboardLinkList scene={model} links={links} />
        {viewPanel !== undefined && (
          <Button variant="secondary" icon="arrow-left" onClick={() => locationService.partial({ viewPanel: null })}>
            Back to the dashboard
          </Button>
        )}
        <div className={styles.time}>
          {timeControls.map((control) => (
            <control.Component key={control.state.key} model={control} />
          ))}
        </div>
      </div>
      <div className={styles.body}>
        {viewPanel === undefined ? (
          <body.Component model={body} />
        ) : viewed ? (
          <div className={styles.viewed}>
            <viewed.Component model={viewed} />
          </div>
        ) : (
          <Alert severity="warning" title={`This dashboard has no panel ${viewPanel}`} />
        )}
      </div>
      {inspected && (
        <InspectDrawer
          panel={inspected}
          tab={inspectTab ?? 'data'}
          onTab={(tab) => locationService.partial({ inspectTab: tab })}
          onClose={() => locationService.partial({ inspect: null, inspectTab: null })}
        />
      )}
    </div>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ display: 'flex', flexDirection: 'column', minHeight: '100%' }),
  controls: css({
    position: 'sticky',
    top: 0,
    zIndex: theme.zIndex.activePanel + 1,
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-start',
    gap: theme.spacing(1),
    padding: theme.spacing(1.5, 2),
    background: theme.colors.background.canvas,
  }),
  space: css({ flexGrow: 1 }),
  time: css({ display: 'flex', gap: theme.spacing(1) }),
  body: css({ position: 'relative', display: 'flex', flexGrow: 1, padding: theme.spacing(0, 2, 2) }),
  viewed: css({ display: 'flex', width: '100%', height: 'calc(100vh - 160px)', '& > *': { flexGrow: 1 } }),
})
