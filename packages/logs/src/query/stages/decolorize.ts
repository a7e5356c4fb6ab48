import type { Stage } from './stage.ts'

// A pattern of ours, not a user's; made from text because escape sequences are control characters.
const ANSI = new RegExp(
  '[\\u001b\\u009b][[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[-a-zA-Z\\d/#&.:=?%@~_]*)*)?\\u0007)' +
    '|(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PR-TZcf-ntqry=><~]))',
  'g',
)

/** `| decolorize` removes ANSI colour sequences. */
export function decolorizeStage(): Stage {
  return {
    run(entry) {
      if (entry.line.includes('\u001b') || entry.line.includes('\u009b')) entry.line = entry.line.replace(ANSI, '')
      return true
    },
  }
}
