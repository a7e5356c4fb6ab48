import type { GrafanaTheme2 } from '@grafana/data'

/** Each service keeps one colour of the theme's palette, in the order of appearance; reds stay for errors. */
export function serviceColors(services: readonly string[], theme: GrafanaTheme2): ReadonlyMap<string, string> {
  const palette = theme.visualization.palette.filter((name) => !name.includes('red'))
  return new Map(
    services.map((service, index) => [
      service,
      theme.visualization.getColorByName(palette[index % palette.length] ?? 'blue'),
    ]),
  )
}
