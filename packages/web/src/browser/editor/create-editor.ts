import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from '@codemirror/commands'
import { bracketMatching } from '@codemirror/language'
import { EditorState, Prec } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import type { GrafanaTheme2 } from '@grafana/data'
import { languageExtension } from './languages.ts'
import { editorTheme } from './theme.ts'

export interface EditorHandle {
  readonly setText: (text: string) => void
  readonly destroy: () => void
}

interface EditorOptions {
  readonly parent: HTMLElement
  readonly language: string
  readonly dataSourceUid: string
  readonly text: string
  readonly placeholder: string
  readonly theme: GrafanaTheme2
  readonly onChange: (text: string) => void
  readonly onRun: () => void
}

/** A CodeMirror editor for one query. The caller destroys it. */
export function createEditor(options: EditorOptions): EditorHandle {
  const run = (): boolean => {
    options.onRun()
    return true
  }
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        history(),
        bracketMatching(),
        closeBrackets(),
        autocompletion(),
        EditorView.lineWrapping,
        placeholder(options.placeholder),
        languageExtension(options.language, options.dataSourceUid),
        editorTheme(options.theme),
        Prec.highest(
          keymap.of([
            { key: 'Shift-Enter', run },
            { key: 'Mod-Enter', run },
            { key: 'Tab', run: acceptCompletion },
          ]),
        ),
        keymap.of([
          ...closeBracketsKeymap,
          ...completionKeymap,
          { key: 'Enter', run: insertNewlineAndIndent },
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.contentAttributes.of({ 'aria-label': 'Query' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onChange(update.state.doc.toString())
        }),
      ],
    }),
  })
  return {
    setText: (text) => {
      if (text === view.state.doc.toString()) return
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
    },
    destroy: () => view.destroy(),
  }
}
