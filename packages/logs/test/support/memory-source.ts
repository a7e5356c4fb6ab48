import { labelsKey } from '@quartet/model'
import type { Labels } from '@quartet/model'
import type { LogSource } from '../../src/query/source.ts'
import { OpenPage } from '../../src/storage/open-page.ts'

export interface MemoryStream {
  readonly labels: Labels
  readonly entries: readonly { readonly timeNs: bigint; readonly line: string }[]
}

/** A source over lines in memory; matchers are applied, pages are real ones. */
export function memorySource(streams: readonly MemoryStream[]): LogSource {
  const pages = streams.map(({ labels, entries }) => {
    const page = new OpenPage(() => {})
    for (const { timeNs, line } of entries) {
      const bytes = Buffer.from(line)
      page.append(Number(timeNs / 1_000_000_000n), Number(timeNs % 1_000_000_000n), bytes, 0, bytes.length, bytes, 0, 0)
    }
    return { stream: { labels, key: labelsKey(labels) }, page }
  })
  return {
    async select(matchers, window) {
      return pages
        .filter(({ stream }) =>
          matchers.every((matcher) => matcher.matches(new Map(stream.labels).get(matcher.name) ?? '')),
        )
        .map(({ stream, page }) => ({ stream, count: page.count, ...page.bounds(), open: () => page.view() }))
        .filter((page) => page.maxNs >= window.startNs && page.minNs <= window.endNs)
    },
  }
}
