import type { GrafanaTheme2 } from '@grafana/data'
import { Button, Combobox, IconButton, Input, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { operatorOf, operators, withOperator, type Matcher, type Operator } from '../../alerting/matchers.ts'

interface Props {
  readonly matchers: readonly Matcher[]
  readonly onChange: (matchers: readonly Matcher[]) => void
}

const choices: { label: string; value: Operator }[] = operators.map((value) => ({ label: value, value }))

export function MatcherFields({ matchers, onChange }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const replace = (index: number, next: Matcher): void =>
    onChange(matchers.map((matcher, at) => (at === index ? next : matcher)))
  return (
    <div className={styles.list}>
      {matchers.map((matcher, index) => (
        <div key={index} className={styles.row}>
          <Input
            width={28}
            placeholder="label"
            aria-label={`Label ${index + 1}`}
            value={matcher.name}
            onChange={({ currentTarget }) => replace(index, { ...matcher, name: currentTarget.value })}
          />
          <Combobox
            width={9}
            aria-label={`Operator ${index + 1}`}
            options={choices}
            value={operatorOf(matcher)}
            onChange={({ value }) => replace(index, withOperator(matcher, value))}
          />
          <Input
            width={44}
            placeholder={matcher.isRegex ? 'regular expression' : 'value'}
            aria-label={`Value ${index + 1}`}
            value={matcher.value}
            onChange={({ currentTarget }) => replace(index, { ...matcher, value: currentTarget.value })}
          />
          {matchers.length > 1 && (
            <IconButton
              name="trash-alt"
              tooltip="Remove this matcher"
              onClick={() => onChange(matchers.filter((_, at) => at !== index))}
            />
          )}
        </div>
      ))}
      <div>
        <Button
          size="sm"
          variant="secondary"
          icon="plus"
          onClick={() => onChange([...matchers, { name: '', value: '', isEqual: true, isRegex: false }])}
        >
          Add matcher
        </Button>
      </div>
    </div>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
  row: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1) }),
})
