import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import type { GrafanaTheme2 } from '@grafana/data'
import { tags } from '@lezer/highlight'

export function editorTheme(theme: GrafanaTheme2): Extension {
  const color = (name: string): string => theme.visualization.getColorByName(name)
  const shade = theme.isDark ? 'light' : 'dark'
  const highlight = HighlightStyle.define([
    { tag: tags.string, color: color(`${shade}-green`) },
    { tag: tags.number, color: color(`${shade}-orange`) },
    { tag: [tags.keyword, tags.modifier], color: color(`${shade}-purple`) },
    { tag: [tags.operatorKeyword, tags.function(tags.variableName)], color: color(`${shade}-blue`) },
    { tag: [tags.labelName, tags.propertyName], color: theme.isDark ? '#8ab8ff' : color('semi-dark-blue') },
    { tag: [tags.comment, tags.lineComment], color: theme.colors.text.disabled, fontStyle: 'italic' },
    { tag: tags.invalid, color: theme.colors.error.text },
  ])
  const surface = EditorView.theme(
    {
      '&': {
        color: theme.colors.text.primary,
        background: theme.components.input.background,
        border: `1px solid ${theme.components.input.borderColor}`,
        borderRadius: theme.shape.radius.default,
        fontSize: '13px',
      },
      '&.cm-focused': { outline: 'none', borderColor: theme.colors.primary.border },
      '.cm-content': {
        fontFamily: theme.typography.fontFamilyMonospace,
        padding: '6px 4px',
        caretColor: theme.colors.text.primary,
      },
      '.cm-cursor': { borderLeftColor: theme.colors.text.primary },
      '.cm-placeholder': { color: theme.colors.text.disabled },
      '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { background: theme.colors.action.selected },
      '&.cm-focused .cm-matchingBracket': { background: theme.colors.action.focus },
      '.cm-tooltip': {
        background: theme.colors.background.elevated,
        border: `1px solid ${theme.colors.border.medium}`,
        boxShadow: theme.shadows.z3,
      },
      '.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px !important' },
      '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
        background: theme.colors.action.selected,
        color: theme.colors.text.maxContrast,
      },
    },
    { dark: theme.isDark },
  )
  return [surface, syntaxHighlighting(highlight)]
}
