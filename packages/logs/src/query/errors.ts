/** Text that is not LogQL. The message is upstream's: `parse error at line 1, col 5: syntax error: unexpected …`. */
export class LogqlParseError extends Error {
  /** From 1; 0 when the problem has no place. */
  readonly line: number
  readonly column: number

  constructor(message: string, line = 0, column = 0) {
    super(
      line === 0 && column === 0
        ? `parse error : ${message}`
        : `parse error at line ${line}, col ${column}: ${message}`,
    )
    this.name = 'LogqlParseError'
    this.line = line
    this.column = column
  }
}

/** A query that parses but fails while it runs, for a reason that its author can mend. */
export class LogqlExecutionError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LogqlExecutionError'
  }
}

/** A limit of the tenant was reached; the message says which. */
export class LogqlLimitError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LogqlLimitError'
  }
}
