import type { AttributeResult, ClaimSource } from '../../../common/sign-in.ts'

type JmesPath = { search(data: unknown, expression: string): unknown; compile(expression: string): unknown }

const MAX_EXPRESSION_LENGTH = 8192

/** Loaded when first needed: servers without single sign-on never do. */
async function jmesPath(): Promise<JmesPath> {
  const module = (await import('jmespath')) as unknown as { default: JmesPath }
  return module.default
}

/** @returns what is wrong with the expression's form; `undefined` when nothing is */
export async function expressionProblem(expression: string): Promise<string | undefined> {
  if (expression.length > MAX_EXPRESSION_LENGTH) return `is longer than ${MAX_EXPRESSION_LENGTH} characters`
  try {
    const { compile } = await jmesPath()
    compile(expression)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Runs one JMESPath expression over each source that has claims. An empty expression gives nothing. */
export async function evaluate(expression: string, sources: readonly ClaimSource[]): Promise<AttributeResult[]> {
  if (expression === '') return []
  const formProblem = await expressionProblem(expression)
  const { search } = await jmesPath()
  return sources.flatMap(({ name, claims }): AttributeResult[] => {
    if (claims === undefined) return []
    if (formProblem !== undefined) return [{ source: name, error: formProblem }]
    try {
      const value = search(claims, expression)
      return [value === null || value === undefined ? { source: name } : { source: name, value }]
    } catch (error) {
      return [{ source: name, error: messageOf(error) }]
    }
  })
}

function messageOf(error: unknown): string {
  // The library throws plain objects with a name and a message for what it refuses.
  const message = error instanceof Error ? error.message : (error as { message?: unknown } | undefined)?.message
  return String(message ?? error).replace(/\.$/, '')
}
