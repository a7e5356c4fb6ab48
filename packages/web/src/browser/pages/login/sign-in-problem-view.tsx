import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import type { SignInProblem } from '../../../common/sign-in-problem.ts'

/** What went wrong, what to change, and what it is concluded from. */
export function SignInProblemView({ problem }: { readonly problem: SignInProblem }): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <section className={styles.box} role="alert" data-testid="sign-in-problem">
      <h2 className={styles.title}>
        <Icon name="exclamation-triangle" size="lg" /> {problem.title}
      </h2>
      <p className={styles.detail}>{problem.detail}</p>
      {problem.remedies.length > 0 && (
        <>
          <h3 className={styles.head}>What helps</h3>
          <ol className={styles.remedies}>
            {problem.remedies.map((remedy) => (
              <li key={remedy}>{remedy}</li>
            ))}
          </ol>
        </>
      )}
      {problem.facts.length > 0 && (
        <dl className={styles.facts}>
          {problem.facts.map(({ name, value }) => (
            <div key={name} className={styles.fact}>
              <dt>{name}</dt>
              <dd>{value === '' ? '–' : value}</dd>
            </div>
          ))}
        </dl>
      )}
      {problem.id !== '' && <ErrorId id={problem.id} />}
    </section>
  )
}

/** The server was started anew, or the page is old. */
export function ForgottenProblem({ id }: { readonly id: string }): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <section className={styles.box} role="alert">
      <h2 className={styles.title}>A sign-in failed</h2>
      <p className={styles.detail}>Its explanation is not kept any more. Sign in again, or look into the log.</p>
      <ErrorId id={id} />
    </section>
  )
}

function ErrorId({ id }: { readonly id: string }): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <p className={styles.id}>
      Error id <code>{id.slice(0, 64)}</code>, the same as in the log of the server
    </p>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  box: css({
    width: '100%',
    padding: theme.spacing(2),
    marginBottom: theme.spacing(3),
    background: theme.colors.background.secondary,
    borderLeft: `3px solid ${theme.colors.error.border}`,
    borderRadius: theme.shape.radius.default,
    overflowWrap: 'anywhere',
  }),
  title: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    margin: 0,
    fontSize: theme.typography.h4.fontSize,
    svg: { color: theme.colors.error.text, flexShrink: 0 },
  }),
  detail: css({ margin: theme.spacing(1, 0) }),
  head: css({ margin: theme.spacing(2, 0, 0.5), fontSize: theme.typography.h6.fontSize }),
  remedies: css({ margin: 0, paddingLeft: theme.spacing(3), li: { marginBottom: theme.spacing(0.5) } }),
  facts: css({
    margin: theme.spacing(2, 0, 0),
    paddingTop: theme.spacing(1.5),
    borderTop: `1px solid ${theme.colors.border.weak}`,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  fact: css({
    display: 'grid',
    gridTemplateColumns: 'minmax(120px, 190px) 1fr',
    gap: theme.spacing(1),
    marginBottom: theme.spacing(0.5),
    dt: { color: theme.colors.text.secondary },
    dd: { margin: 0, fontFamily: theme.typography.fontFamilyMonospace },
  }),
  id: css({
    margin: theme.spacing(1.5, 0, 0),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
})
