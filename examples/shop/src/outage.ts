/** A stretch of time in which the payment gateway answers nobody, in seconds since the shop opened. */
export interface Outage {
  readonly from: number
  readonly to: number
}

/** `from-to`. @throws Error with a text for people */
export function parseOutage(text: string | undefined): Outage | undefined {
  if (text === undefined) return undefined
  const [, from, to] = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (from === undefined || to === undefined || Number(from) >= Number(to))
    throw new Error(`--outage: "${text}" is not like 20-50, the seconds between which the payment gateway is down`)
  return { from: Number(from), to: Number(to) }
}

/** Tells whether the gateway is down now. The shop opens when this is called. */
export function watchOutage(outage: Outage | undefined): () => boolean {
  const openedMs = performance.now()
  return () => {
    const seconds = (performance.now() - openedMs) / 1000
    return outage !== undefined && seconds >= outage.from && seconds < outage.to
  }
}
