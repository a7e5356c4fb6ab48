/**
 * Builds rooms top-down and stops them bottom-up. When a room fails to start, those already standing are stopped again.
 *
 *     const rooms = new Lifecycle()
 *     const wal = await rooms.start(() => Wal.open(…), (wal) => wal.close())
 *     const server = await rooms.start(() => listen(wal), (server) => server.close())
 *     …
 *     await rooms.stop()   // server.close(), then wal.close()
 */
export class Lifecycle {
  readonly #stops: (() => unknown)[] = []
  #stopping: Promise<void> | undefined

  async start<T>(build: () => T | Promise<T>, stop: (room: T) => unknown): Promise<T> {
    if (this.#stopping) throw new Error('already stopped')
    try {
      const room = await build()
      this.#stops.push(() => stop(room))
      return room
    } catch (cause) {
      // The first failure is the one to tell about; a failing clean-up must not hide it.
      await this.stop().catch((error: unknown) => {
        if (cause instanceof Error && cause.cause === undefined) cause.cause = error
      })
      throw cause
    }
  }

  /** Adds something to undo, for a room that is already standing. */
  onStop(stop: () => unknown): void {
    this.#stops.push(stop)
  }

  /** Every stop runs even when another fails; rejects with all failures. Later calls wait for the first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  async #stopAll(): Promise<void> {
    const errors: unknown[] = []
    for (let stop = this.#stops.pop(); stop; stop = this.#stops.pop()) {
      try {
        await stop()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('; '))
  }
}
