import type { GrafanaTheme2 } from '@grafana/data'

/** The surface that lists and forms stand on. */
export function boxStyle(theme: GrafanaTheme2) {
  return {
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }
}
