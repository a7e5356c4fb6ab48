import type { Platform } from './platform.ts'

export interface VectorSample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [seconds: number, value: string]
}

/** An instant query at 9090; the time defaults to now. */
export async function instantQuery(platform: Platform, query: string): Promise<readonly VectorSample[]> {
  const path = `/api/v1/query?${new URLSearchParams({ query })}`
  const answer = await platform.get<{ data: { result: VectorSample[] } }>(9090, path)
  return answer.data.result
}

/** The only value of a query's answer. @throws when there is not exactly one */
export async function scalarOf(platform: Platform, query: string): Promise<number> {
  const result = await instantQuery(platform, query)
  if (result.length !== 1) throw new Error(`${query} has ${result.length} results`)
  return Number(result[0].value[1])
}
