import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { annotationLinks, linkify } from './links.ts'
import type { Labels } from './rules.ts'

/** Shown as buttons instead of by their text. */
const asLinks = new Set([
  'runbook_url',
  '__dashboardUid__',
  '__panelId__',
  'dashboard_uid',
  'panel_id',
  'dashboard_url',
])

export function AnnotationList({ annotations }: { readonly annotations: Labels }): ReactNode {
  const styles = useStyles2(getStyles)
  const texts = Object.entries(annotations).filter(([name]) => !asLinks.has(name))
  const links = annotationLinks(annotations)
  if (texts.length === 0 && links.length === 0) return null
  return (
    <div>
      {texts.length > 0 && (
        <dl className={styles.list}>
          {texts.map(([name, value]) => (
            <div key={name} className={styles.row}>
              <dt>{name}</dt>
              <dd>
                <LinkedText text={value} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {links.length > 0 && (
        <div className={styles.links}>
          {links.map(({ text, url }) => (
            <a key={url} href={url} target="_blank" rel="noreferrer">
              <Icon name={text === 'Runbook' ? 'book' : 'apps'} size="sm" /> {text}
            </a>
          ))}
        </div>
      )}
    </div>
  )
}

export function LinkedText({ text }: { readonly text: string }): ReactNode {
  return linkify(text).map((part, index) =>
    part.kind === 'link' ? (
      <a key={index} href={part.text} target="_blank" rel="noreferrer" className="external-link">
        {part.text}
      </a>
    ) : (
      <span key={index}>{part.text}</span>
    ),
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ margin: 0 }),
  row: css({
    display: 'grid',
    gridTemplateColumns: '120px 1fr',
    gap: theme.spacing(1),
    dt: { color: theme.colors.text.secondary, fontWeight: 400 },
    dd: { margin: 0, overflowWrap: 'anywhere' },
  }),
  links: css({
    display: 'flex',
    gap: theme.spacing(2),
    marginTop: theme.spacing(0.5),
    a: { color: theme.colors.text.link, '&:hover': { textDecoration: 'underline' } },
  }),
})
