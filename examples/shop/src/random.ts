/** A small seeded generator (mulberry32), so that a demo can be repeated. */
export class Random {
  #state: number

  constructor(seed: number, purpose: string) {
    this.#state = seed >>> 0
    for (const character of purpose) this.#state = Math.imul(this.#state ^ character.charCodeAt(0), 0x01000193) >>> 0
  }

  /** At least 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  /** Milliseconds of work: mostly around the median, now and then several times as long. */
  latencyMs(medianMs: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
    return medianMs * Math.exp(0.45 * normal)
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)]
  }
}
