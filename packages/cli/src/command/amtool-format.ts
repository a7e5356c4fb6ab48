import type { loadTool } from '@quartet/alerts'

type Tool = Awaited<ReturnType<typeof loadTool>>

export interface ApiMatcher {
  readonly name: string
  readonly value: string
  readonly isRegex: boolean
  readonly isEqual?: boolean
}

export interface ApiSilence {
  readonly id: string
  readonly matchers: readonly ApiMatcher[]
  readonly startsAt: string
  readonly endsAt: string
  readonly updatedAt: string
  readonly createdBy: string
  readonly comment: string
  readonly status: { readonly state: string }
}

export interface ApiAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL?: string
  readonly status: { readonly state: string }
}

export interface Formatter {
  alerts(alerts: readonly ApiAlert[]): string
  silences(silences: readonly ApiSilence[]): string
}

/** amtool's outputs; times in UTC by a Go layout. */
export function createFormatter(output: 'simple' | 'extended' | 'json', layout: string, tool: Tool): Formatter {
  const time = (text: string): string => tool.GoTime.ofMs(Date.parse(text)).Format(layout)
  const pairs = (record: Readonly<Record<string, string>>): string =>
    Object.entries(record)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(' ')
  const byStart = (alerts: readonly ApiAlert[]): readonly ApiAlert[] =>
    [...alerts].sort((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt))
  const byEnd = (silences: readonly ApiSilence[]): readonly ApiSilence[] =>
    [...silences].sort((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt))
  if (output === 'json') return { alerts: (items) => JSON.stringify(items), silences: (items) => JSON.stringify(items) }
  if (output === 'extended') {
    return {
      alerts: (alerts) =>
        table([
          ['Labels', 'Annotations', 'Starts At', 'Ends At', 'Generator URL', 'State'],
          ...byStart(alerts).map(({ annotations, endsAt, generatorURL = '', labels, startsAt, status }) => [
            pairs(labels),
            pairs(annotations),
            time(startsAt),
            time(endsAt),
            generatorURL,
            status.state,
          ]),
        ]),
      silences: (silences) =>
        table([
          ['ID', 'Matchers', 'Starts At', 'Ends At', 'Updated At', 'Created By', 'Comment'],
          ...byEnd(silences).map(({ comment, createdBy, endsAt, id, matchers, startsAt, updatedAt }) => [
            id,
            `{${matcherTexts(matchers).join(',')}}`,
            time(startsAt),
            time(endsAt),
            time(updatedAt),
            createdBy,
            comment,
          ]),
        ]),
    }
  }
  return {
    alerts: (alerts) =>
      table([
        ['Alertname', 'Starts At', 'Summary', 'State'],
        ...byStart(alerts).map(({ annotations, labels, startsAt, status }) => [
          labels['alertname'] ?? '',
          time(startsAt),
          annotations['summary'] ?? '',
          status.state,
        ]),
      ]),
    silences: (silences) =>
      table([
        ['ID', 'Matchers', 'Ends At', 'Created By', 'Comment'],
        ...byEnd(silences).map(({ comment, createdBy, endsAt, id, matchers }) => [
          id,
          matcherTexts(matchers).join(' '),
          time(endsAt),
          createdBy,
          comment,
        ]),
      ]),
  }
}

function matcherTexts(matchers: readonly ApiMatcher[]): readonly string[] {
  const sorted = [...matchers].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.value < b.value ? -1 : 1))
  return sorted.map(({ isEqual = true, isRegex, name, value }) => {
    const type = isEqual ? (isRegex ? '=~' : '=') : isRegex ? '!~' : '!='
    return `${name}${type}${JSON.stringify(value)}`
  })
}

/** Go's tabwriter with two spaces behind every cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => [...row[column]!].length)))
  return rows
    .map((row) => row.map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length + 2)).join(''))
    .join('\n')
}
