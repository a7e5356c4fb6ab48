import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, LoadingBar, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'
import type { RouteDto } from '../../../common/alerting.ts'
import { AlertingPage } from '../../alerting/alerting-page.tsx'
import { boxStyle } from '../../alerting/box.ts'
import type { Delivery } from '../../alerting/deliveries.ts'
import { loadDeliveries } from '../../alerting/load-deliveries.ts'
import { EmptyNotice, StoreDown } from '../../alerting/notice.tsx'
import { integrationName, receiverOf, type Integration, type Receiver } from '../../alerting/receivers.ts'
import { routeTree, type RouteNode } from '../../alerting/route-tree.ts'
import { TimeAgo } from '../../alerting/time-ago.tsx'
import { AlertmanagerPicker, NoAlertmanager, useAlertmanager } from '../../alerting/use-alertmanager.tsx'
import type { ChosenAlertmanager } from '../../alerting/use-alertmanager.tsx'
import { lastValue } from '../../app/use-async.ts'
import { usePolled } from '../../app/use-polled.ts'
import { metricDataSource } from '../../explore/url.ts'

/** Who is told, and how that went: read from the Alertmanager's configuration and its metrics. */
export function ContactPointsPage(): ReactNode {
  const chosen = useAlertmanager()
  return (
    <AlertingPage tab="/alerting/notifications" actions={chosen && <AlertmanagerPicker chosen={chosen} />}>
      {chosen ? <ContactPoints key={chosen.source.uid} chosen={chosen} /> : <NoAlertmanager />}
    </AlertingPage>
  )
}

function ContactPoints({ chosen }: { readonly chosen: ChosenAlertmanager }): ReactNode {
  const { client, source } = chosen
  const styles = useStyles2(getStyles)
  const [state, reload] = usePolled((signal) => client.status(signal), { everyMs: 30_000, dependencies: [client] })
  const metrics = metricDataSource()
  const [deliveryState] = usePolled(
    async (signal) => (metrics ? loadDeliveries(metrics.uid, signal) : new Map<string, Delivery>()),
    { everyMs: 30_000, dependencies: [metrics?.uid] },
  )
  const status = lastValue(state)
  const receivers = (status?.config.receivers ?? []).map(receiverOf)
  const uses = status?.config.route ? countUses(status.config.route) : new Map<string, number>()
  return (
    <>
      {state.kind === 'error' && <StoreDown name={source.name} error={state.error} onRetry={reload} />}
      {!status && state.kind === 'loading' && <LoadingBar width={400} />}
      {status && (
        <p className={styles.intro}>
          Read from the configuration of {source.name} {status.versionInfo?.version ?? ''}
          {status.uptime !== undefined && (
            <>
              , running for <TimeAgo time={status.uptime} suffix="" />
            </>
          )}
          . To change it, edit <code>alertmanager.yml</code> and reload with <code>POST /-/reload</code>.
        </p>
      )}
      {status && receivers.length === 0 && (
        <EmptyNotice title="There are no contact points">
          Add <code>receivers</code> to <code>alertmanager.yml</code>, for instance one with <code>email_configs</code>.
        </EmptyNotice>
      )}
      {receivers.map((receiver) => (
        <ReceiverBox
          key={receiver.name}
          receiver={receiver}
          uses={uses.get(receiver.name) ?? 0}
          deliveries={lastValue(deliveryState)}
        />
      ))}
    </>
  )
}

function ReceiverBox(props: {
  readonly receiver: Receiver
  readonly uses: number
  readonly deliveries: ReadonlyMap<string, Delivery> | undefined
}): ReactNode {
  const { receiver, uses, deliveries } = props
  const styles = useStyles2(getStyles)
  return (
    <section className={styles.box} data-testid="contact-point">
      <header className={styles.head}>
        <Icon name="at" />
        <h2>{receiver.name}</h2>
        <Link to="/alerting/routes" className={styles.uses}>
          {uses === 0 ? 'not used by any policy' : `used by ${uses} ${uses === 1 ? 'policy' : 'policies'}`}
        </Link>
      </header>
      {receiver.integrations.length === 0 && (
        <p className={styles.quiet}>Has no integration: what is routed here reaches nobody, on purpose.</p>
      )}
      {receiver.integrations.map((integration, index) => (
        <IntegrationRow key={index} integration={integration} delivery={deliveries?.get(integration.kind)} />
      ))}
    </section>
  )
}

function IntegrationRow(props: {
  readonly integration: Integration
  readonly delivery: Delivery | undefined
}): ReactNode {
  const { integration, delivery } = props
  const { kind, target, sendsResolved, settings } = integration
  const styles = useStyles2(getStyles)
  return (
    <details className={styles.integration}>
      <summary>
        <Icon name="angle-right" className={styles.marker} />
        <strong>{integrationName(kind)}</strong>
        {target === '' ? <span className={styles.note}>address hidden</span> : <span>{target}</span>}
        {sendsResolved === false && <span className={styles.note}>does not tell when it is over</span>}
        <span className={styles.delivery}>
          <DeliveryText kind={kind} delivery={delivery} />
        </span>
      </summary>
      <dl className={styles.settings}>
        {settings.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value === '<secret>' ? <em>hidden</em> : value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

function DeliveryText({
  kind,
  delivery,
}: {
  readonly kind: string
  readonly delivery: Delivery | undefined
}): ReactNode {
  const styles = useStyles2(getStyles)
  if (!delivery || delivery.sent + delivery.failed === 0)
    return <span className={styles.note}>nothing sent lately</span>
  const title = `All ${integrationName(kind)} notifications of the last hour, attempts that are repeated included`
  if (delivery.failed === 0) {
    return (
      <span className={styles.good} title={title}>
        <Icon name="check-circle" size="sm" /> {delivery.sent} tried in the last hour
      </span>
    )
  }
  return (
    <span className={styles.bad} title={title}>
      <Icon name="exclamation-triangle" size="sm" /> {delivery.failed} of {Math.max(delivery.sent, delivery.failed)}{' '}
      failed in the last hour{delivery.reasons.length > 0 && `: ${delivery.reasons.join(', ')}`}
    </span>
  )
}

function countUses(route: RouteDto): ReadonlyMap<string, number> {
  const uses = new Map<string, number>()
  const visit = (node: RouteNode): void => {
    uses.set(node.receiver, (uses.get(node.receiver) ?? 0) + 1)
    node.children.forEach(visit)
  }
  visit(routeTree(route))
  return uses
}

const getStyles = (theme: GrafanaTheme2) => ({
  intro: css({ margin: 0, color: theme.colors.text.secondary }),
  box: css({ ...boxStyle(theme), overflow: 'hidden' }),
  head: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    padding: theme.spacing(1, 2),
    background: theme.colors.background.secondary,
    h2: { margin: 0, fontSize: theme.typography.h5.fontSize },
  }),
  uses: css({
    marginLeft: 'auto',
    color: theme.colors.text.secondary,
    '&:hover': { textDecoration: 'underline' },
  }),
  quiet: css({ margin: 0, padding: theme.spacing(1.5, 2), color: theme.colors.text.secondary }),
  integration: css({
    borderTop: `1px solid ${theme.colors.border.weak}`,
    summary: {
      display: 'flex',
      alignItems: 'center',
      gap: theme.spacing(1.5),
      padding: theme.spacing(1, 2),
      cursor: 'pointer',
      '&:hover': { background: theme.colors.action.hover },
    },
  }),
  marker: css({ 'details[open] &': { transform: 'rotate(90deg)' } }),
  delivery: css({ marginLeft: 'auto' }),
  note: css({ color: theme.colors.text.secondary }),
  good: css({ color: theme.colors.success.text }),
  bad: css({ color: theme.colors.error.text }),
  settings: css({
    margin: 0,
    padding: theme.spacing(0.5, 2, 1.5),
    div: { display: 'grid', gridTemplateColumns: '200px 1fr', gap: theme.spacing(1) },
    dt: { color: theme.colors.text.secondary, fontWeight: 400 },
    dd: { margin: 0, overflowWrap: 'anywhere' },
  }),
})
