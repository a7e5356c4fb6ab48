import type { GrafanaTheme2 } from '@grafana/data'
import { Field, TextArea, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useEffect, useState, type ReactNode } from 'react'
import type { EvaluateRequest, SettingDto } from '../../../common/sign-in.ts'

const FIELDS = [
  { key: 'role_attribute_path', name: 'roleAttributePath', rows: 3 },
  { key: 'groups_attribute_path', name: 'groupsAttributePath', rows: 1 },
  { key: 'login_attribute_path', name: 'loginAttributePath', rows: 1 },
  { key: 'name_attribute_path', name: 'nameAttributePath', rows: 1 },
  { key: 'email_attribute_path', name: 'emailAttributePath', rows: 1 },
] as const

type Texts = Readonly<Record<string, string>>

interface Props {
  readonly settings: readonly SettingDto[]
  /** Told the expressions that differ from the settings. */
  readonly onChange: (changed: EvaluateRequest) => void
}

export function ExpressionFields({ settings, onChange }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const [texts, setTexts] = useState<Texts>({})
  const configured = (key: string): string => settings.find((setting) => setting.key === key)?.value ?? ''
  useEffect(() => onChange(texts), [texts, onChange])
  const change = (name: string, key: string, text: string): void => {
    const { [name]: _old, ...others } = texts
    setTexts(text === configured(key) ? others : { ...others, [name]: text })
  }
  return (
    <div className={styles.fields}>
      {FIELDS.map(({ key, name, rows }) => (
        <Field key={key} label={key} htmlFor={key} noMargin className={rows > 1 ? styles.wide : ''}>
          <TextArea
            id={key}
            className={styles.text}
            rows={rows}
            spellCheck={false}
            value={texts[name] ?? configured(key)}
            onChange={(event) => change(name, key, event.currentTarget.value)}
          />
        </Field>
      ))}
    </div>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  fields: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(320px, 1fr))',
    gap: theme.spacing(1.5),
    margin: theme.spacing(1, 0, 2),
  }),
  wide: css({ gridColumn: '1 / -1' }),
  text: css({ fontFamily: theme.typography.fontFamilyMonospace, minHeight: 0 }),
})
