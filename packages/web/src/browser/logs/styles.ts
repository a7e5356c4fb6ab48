import type { GrafanaTheme2 } from '@grafana/data'
import { css } from '@emotion/css'

export const getLogStyles = (theme: GrafanaTheme2) => ({
  list: css({ fontFamily: theme.typography.fontFamilyMonospace, fontSize: theme.typography.bodySmall.fontSize }),
  row: css({ '&[data-open=true]': { background: theme.colors.background.secondary } }),
  line: css({
    display: 'flex',
    alignItems: 'flex-start',
    gap: theme.spacing(1),
    width: '100%',
    minHeight: 22,
    padding: theme.spacing(0, 1, 0, 0),
    border: 0,
    background: 'none',
    color: theme.colors.text.primary,
    lineHeight: '22px',
    textAlign: 'left',
    userSelect: 'text',
    '&:hover': { background: theme.colors.action.hover },
  }),
  level: css({ alignSelf: 'stretch', width: 3, minHeight: 18, margin: '2px 0', flexShrink: 0, borderRadius: 1 }),
  time: css({ color: theme.colors.text.secondary, whiteSpace: 'nowrap' }),
  labels: css({
    color: theme.colors.text.secondary,
    maxWidth: '35%',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    flexShrink: 0,
  }),
  cut: css({ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'pre' }),
  wrapped: css({ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }),
  details: css({ padding: theme.spacing(1, 1, 1.5, 2), borderBottom: `1px solid ${theme.colors.border.weak}` }),
  actions: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), marginBottom: theme.spacing(1) }),
  fields: css({
    marginBottom: theme.spacing(1),
    caption: {
      captionSide: 'top',
      padding: theme.spacing(0.5, 0),
      color: theme.colors.text.secondary,
      fontFamily: theme.typography.fontFamily,
      textAlign: 'left',
    },
    'th, td': { padding: theme.spacing(0.25, 2, 0.25, 0), verticalAlign: 'top', textAlign: 'left', overflowWrap: 'anywhere' },
    th: { fontWeight: 'normal', color: theme.colors.text.secondary, whiteSpace: 'nowrap' },
    a: { color: theme.colors.text.link },
  }),
})
