// oxlint-disable import/no-default-export -- node --test takes a reporter's default export
/**
 * A reporter of `node --test` that prints one JSON line: the counts of the whole run.
 * @param {AsyncIterable<{ type: string, data: { file?: string, counts?: Record<string, number> } }>} events
 */
export default async function* summary(events) {
  for await (const { type, data } of events) {
    // Summaries with a file are of that file alone.
    if (type === 'test:summary' && data.file === undefined) yield `${JSON.stringify(data.counts)}\n`
  }
}
