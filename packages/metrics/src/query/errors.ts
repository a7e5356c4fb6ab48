/** A query that is well-formed but cannot be evaluated; its text is shown to whoever asked. */
export class EvaluationError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'EvaluationError'
  }
}

/** Upstream can do it, Quartet not yet. */
export class NotSupportedError extends EvaluationError {
  constructor(what: string) {
    super(`${what} is not supported yet`)
    this.name = 'NotSupportedError'
  }
}
