/** Handles items in order, `count` at a time. After a failure no more are begun; those under way are waited for. */
export async function runInParallel<T>(
  items: readonly T[],
  count: number,
  signal: AbortSignal,
  handle: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  let hasFailed = false
  const work = async (): Promise<void> => {
    while (next < items.length && !hasFailed) {
      const index = next++
      try {
        signal.throwIfAborted()
        await handle(items[index]!, index)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(count, items.length) }, work))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}
