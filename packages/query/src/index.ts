export { QueryBudget, QueryLimitError } from './budget.ts'
export type { QueryBudgetOptions, QueryLimit } from './budget.ts'
export { byteOffset, hasErrors, SourceText } from './diagnostic.ts'
export type { Diagnostic, LineColumn, TextRange } from './diagnostic.ts'
export {
  DurationError,
  formatDuration,
  formatGoDuration,
  parseDuration,
  parseGoDuration,
  parseSignedDuration,
} from './duration.ts'
export { goLayout, namedGoLayout } from './go-layout.ts'
export { GoDuration, GoTime, parseGoTime } from './go-time.ts'
export { quoteGo, QuoteError, unquoteGo } from './go-quote.ts'
export { isAlpha, isAlphaNumeric, isDigit, isSpace, Lexer, WORD } from './lexer.ts'
export type { IdentifierRule, StringLiteral } from './lexer.ts'
export { createMatcher, matchesEmpty } from './matcher.ts'
export type { Matcher, MatchOp } from './matcher.ts'
export { compileRegex, expandTemplate, RegexError } from './regex.ts'
export type { Regex, RegexMatch, RegexOptions } from './regex.ts'
export { createStepGrid, instantGrid, parseTime, TimeError } from './step-grid.ts'
export type { StepGrid } from './step-grid.ts'
export {
  escapeHtml,
  escapeQuery,
  formatFixed,
  formatGeneral,
  formatValue,
  isTruthy,
  parseTemplate,
  sprint,
  sprintf,
  Template,
  TemplateError,
  TemplateFunctionError,
} from './template/index.ts'
export type {
  MissingKey,
  ParameterKind,
  TemplateFunction,
  TemplateFunctions,
  TemplateOptions,
} from './template/index.ts'
