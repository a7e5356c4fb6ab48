import { useTheme2 } from '@grafana/ui'
import { useEffect, useRef, type ReactNode } from 'react'
import { createEditor, type EditorHandle } from './create-editor.ts'

interface Props {
  /** Type of the data source, which decides the language. */
  readonly language: string
  readonly dataSourceUid: string
  readonly value: string
  readonly placeholder: string
  readonly onChange: (text: string) => void
  /** Shift+Enter or Ctrl+Enter. */
  readonly onRun: () => void
}

export function QueryEditor(props: Props): ReactNode {
  const { language, dataSourceUid, value, placeholder } = props
  const theme = useTheme2()
  const box = useRef<HTMLDivElement>(null)
  const editor = useRef<EditorHandle>(undefined)
  const lastTyped = useRef(value)
  // The editor outlives renderings, so it calls whatever the latest rendering gave.
  const latest = useRef(props)
  latest.current = props
  useEffect(() => {
    if (!box.current) return undefined
    const created = createEditor({
      parent: box.current,
      language,
      dataSourceUid,
      text: latest.current.value,
      placeholder,
      theme,
      onChange: (text) => {
        lastTyped.current = text
        latest.current.onChange(text)
      },
      onRun: () => latest.current.onRun(),
    })
    editor.current = created
    return () => created.destroy()
  }, [language, dataSourceUid, placeholder, theme])
  useEffect(() => {
    // What was typed comes back as `value`, maybe late: it must not undo what was typed since.
    if (value === lastTyped.current) return
    lastTyped.current = value
    editor.current?.setText(value)
  }, [value])
  return <div ref={box} data-testid="query-editor" />
}
