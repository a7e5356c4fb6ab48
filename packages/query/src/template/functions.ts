/** What a parameter accepts. `int` and `float` take either number kind where Go would convert a constant. */
export type ParameterKind = 'string' | 'int' | 'float' | 'bool' | 'any'

/**
 * A function that templates may call. Integers arrive as `bigint`, floats as `number`; throw {@link TemplateFunctionError} to fail.
 * The executor checks count and kinds and reports them in Go's words.
 */
export interface TemplateFunction {
  readonly parameters: readonly ParameterKind[]
  /** Kind of any number of further arguments. */
  readonly variadic?: ParameterKind
  // oxlint-disable-next-line typescript/no-explicit-any -- the executor has checked the arguments against `parameters`
  call(...args: any[]): unknown
}

export type TemplateFunctions = Readonly<Record<string, TemplateFunction>>
