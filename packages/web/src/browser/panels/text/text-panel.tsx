import { PanelPlugin, renderTextPanelMarkdown, textUtil, type GrafanaTheme2, type PanelProps } from '@grafana/data'
import { ScrollContainer, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useMemo, type ReactNode } from 'react'
import { panelOptions } from '../common/options.ts'

interface TextOptions {
  readonly mode: 'markdown' | 'html' | 'code'
  readonly content: string
  readonly code?: { readonly language?: string; readonly showLineNumbers?: boolean }
}

const defaults: TextOptions = { mode: 'markdown', content: '' }

function TextPanel({ options, replaceVariables }: PanelProps<TextOptions>): ReactNode {
  const styles = useStyles2(getStyles)
  const content = replaceVariables(options.content ?? '', {}, options.mode === 'code' ? 'text' : 'html')
  const html = useMemo(
    () => (options.mode === 'markdown' ? renderTextPanelMarkdown(content) : textUtil.sanitizeTextPanelContent(content)),
    [content, options.mode],
  )
  if (options.mode === 'code') return <pre className={styles.code}>{content}</pre>
  return (
    <ScrollContainer>
      {/* Both renderers above sanitise: scripts, handlers and frames are gone. */}
      <div className={`markdown-html ${styles.text}`} dangerouslySetInnerHTML={{ __html: html }} />
    </ScrollContainer>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  text: css({ padding: theme.spacing(0.5, 1), overflowWrap: 'anywhere' }),
  code: css({ height: '100%', margin: 0, border: 0, overflow: 'auto' }),
})

export const plugin = panelOptions(new PanelPlugin<TextOptions>(TextPanel), defaults).setNoPadding()
