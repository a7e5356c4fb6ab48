import type { GrafanaTheme2 } from '@grafana/data'
import { IconButton, Input, RadioButtonGroup, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { lazy, Suspense, type ReactNode } from 'react'
import { isServiceMap, languageOf, queryText } from './languages.ts'
import type { ExploreQuery } from './panes.ts'

const QueryEditor = lazy(async () => ({ default: (await import('../editor/query-editor.tsx')).QueryEditor }))

interface Props {
  readonly query: ExploreQuery
  readonly type: string
  readonly uid: string
  readonly onChange: (query: ExploreQuery) => void
  readonly onRun: () => void
  readonly onRemove: (() => void) | undefined
}

export function QueryRow({ query, type, uid, onChange, onRun, onRemove }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const language = languageOf(type)
  if (!language) return <div role="alert">Quartet cannot query data sources of type {type} yet.</div>
  return (
    <div className={styles.row}>
      <div className={styles.head}>
        <b>{query.refId}</b>
        {type === 'tempo' ? <TempoKind query={query} onChange={onChange} /> : <span>{language.name}</span>}
        <QueryOptions query={query} type={type} onChange={onChange} />
        <span className={styles.space} />
        {onRemove && <IconButton name="trash-alt" tooltip="Remove this query" onClick={onRemove} />}
      </div>
      {isServiceMap(query) ? (
        <Input
          aria-label="Filter of the service graph"
          placeholder='{client="checkout"}: a selector over client and server, or nothing for all'
          value={String(query['serviceMapQuery'] ?? '')}
          onChange={({ currentTarget }) => onChange({ ...query, serviceMapQuery: currentTarget.value })}
          onKeyDown={(event) => event.key === 'Enter' && onRun()}
        />
      ) : (
        <Suspense fallback={<div style={{ height: 34 }} />}>
          <QueryEditor
            language={type}
            dataSourceUid={uid}
            value={queryText(query, language)}
            placeholder={language.placeholder}
            onChange={(text) => onChange({ ...query, [language.property]: text })}
            onRun={onRun}
          />
        </Suspense>
      )}
    </div>
  )
}

function TempoKind({ query, onChange }: Pick<Props, 'query' | 'onChange'>): ReactNode {
  const options = [
    { label: 'TraceQL', value: 'traceql' },
    { label: 'Service Graph', value: 'serviceMap' },
  ]
  return (
    <RadioButtonGroup
      size="sm"
      options={options}
      value={isServiceMap(query) ? 'serviceMap' : 'traceql'}
      onChange={(queryType) => onChange({ ...query, queryType })}
    />
  )
}

function QueryOptions({ query, type, onChange }: Pick<Props, 'query' | 'type' | 'onChange'>): ReactNode {
  if (type === 'prometheus') {
    const kind = query['range'] === false ? 'instant' : query['instant'] === false ? 'range' : 'both'
    const options = [
      { label: 'Range', value: 'range' },
      { label: 'Instant', value: 'instant' },
      { label: 'Both', value: 'both' },
    ]
    const choose = (value: string): void =>
      onChange({ ...query, range: value !== 'instant', instant: value !== 'range' })
    return <RadioButtonGroup size="sm" options={options} value={kind} onChange={choose} />
  }
  if (type === 'tempo' && !isServiceMap(query)) {
    const options = [
      { label: 'Traces', value: 'traces' },
      { label: 'Spans', value: 'spans' },
    ]
    const value = query['tableType'] === 'spans' ? 'spans' : 'traces'
    return (
      <RadioButtonGroup
        size="sm"
        options={options}
        value={value}
        onChange={(tableType) => onChange({ ...query, tableType })}
      />
    )
  }
  return null
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({
    padding: theme.spacing(1),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
  head: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    minHeight: 28,
    marginBottom: theme.spacing(0.5),
    '> span': { color: theme.colors.text.secondary },
    b: { color: theme.colors.primary.text },
  }),
  space: css({ flexGrow: 1 }),
})
