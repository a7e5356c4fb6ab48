/** Results of a rule that are handled before ingestion and queries get their turn: some milliseconds of work. */
const SLICE_SIZE = 2000

/** The slices of a list; the event loop has its turn between them. */
export async function* slices<T>(all: readonly T[], size = SLICE_SIZE): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < all.length; start += size) {
    if (start > 0) await new Promise((resolve) => setImmediate(resolve))
    yield size >= all.length ? all : all.slice(start, start + size)
  }
}
