/** A template that cannot be parsed or executed. The message is Go's, with name, line and column. */
export class TemplateError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'TemplateError'
  }
}

/** What a template function throws to fail: its message goes behind `error calling <name>: `. */
export class TemplateFunctionError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TemplateFunctionError'
  }
}

export function lineOf(text: string, offset: number): number {
  let line = 1
  for (let index = text.indexOf('\n'); index >= 0 && index < offset; index = text.indexOf('\n', index + 1)) line++
  return line
}

/** Bytes between the start of the line and the offset, which is what Go prints as the column of an execution error. */
export function columnOf(text: string, offset: number): number {
  return Buffer.byteLength(text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset))
}
