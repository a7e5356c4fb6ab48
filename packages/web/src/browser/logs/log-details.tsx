import { ClipboardButton, LinkButton, useStyles2 } from '@grafana/ui'
import type { ReactNode } from 'react'
import { contextUrlOf, traceUrlOf } from './links.ts'
import type { LogLine } from './log-line.ts'
import { getLogStyles } from './styles.ts'

const kindNames: Readonly<Record<string, string>> = { I: 'Labels', S: 'Structured metadata', P: 'Parsed fields' }

/** Everything known of one line, and where to go from it. */
export function LogDetails({ line }: { readonly line: LogLine }): ReactNode {
  const styles = useStyles2(getLogStyles)
  const traceUrl = traceUrlOf(line)
  const contextUrl = contextUrlOf(line)
  const kinds = [...new Set(Object.keys(line.labels).map((name) => line.labelKinds[name] ?? 'I'))]
  return (
    <div className={styles.details}>
      <div className={styles.actions}>
        {traceUrl && (
          <LinkButton size="sm" icon="sitemap" href={traceUrl}>
            Open the trace
          </LinkButton>
        )}
        {contextUrl && (
          <LinkButton size="sm" variant="secondary" icon="gf-show-context" href={contextUrl}>
            Show context
          </LinkButton>
        )}
        <ClipboardButton size="sm" variant="secondary" icon="copy" getText={() => line.text}>
          Copy the line
        </ClipboardButton>
      </div>
      {kinds.map((kind) => (
        <table key={kind} className={styles.fields}>
          <caption>{kindNames[kind] ?? 'Fields'}</caption>
          <tbody>
            {Object.entries(line.labels)
              .filter(([name]) => (line.labelKinds[name] ?? 'I') === kind)
              .map(([name, value]) => (
                <tr key={name}>
                  <th>{name}</th>
                  <td>{traceUrl && value === line.traceId ? <a href={traceUrl}>{value}</a> : value}</td>
                </tr>
              ))}
          </tbody>
        </table>
      ))}
    </div>
  )
}
