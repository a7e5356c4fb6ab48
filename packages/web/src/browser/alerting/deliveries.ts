/** What one kind of integration did within the last hour. */
export interface Delivery {
  readonly sent: number
  readonly failed: number
  /** Upstream's `reason`: clientError, serverError, contextDeadlineExceeded … */
  readonly reasons: readonly string[]
}

export type Series = { readonly metric: Readonly<Record<string, string>>; readonly value?: readonly [number, string] }
/** `increase` extrapolates, so that counts are rounded: down, because a part of a notification is none. */
export function deliveriesOf(sent: readonly Series[], failed: readonly Series[]): ReadonlyMap<string, Delivery> {
  const deliveries = new Map<string, Delivery>()
  const count = ({ value }: Series): number => Math.floor(Number(value?.[1] ?? 0) + 0.01)
  for (const series of sent) {
    const kind = series.metric['integration'] ?? ''
    deliveries.set(kind, { sent: count(series), failed: 0, reasons: [] })
  }
  for (const series of failed) {
    const kind = series.metric['integration'] ?? ''
    const old = deliveries.get(kind) ?? { sent: 0, failed: 0, reasons: [] }
    const more = count(series)
    const reason = series.metric['reason']
    deliveries.set(kind, {
      ...old,
      failed: old.failed + more,
      reasons: more > 0 && reason ? [...old.reasons, reason] : old.reasons,
    })
  }
  return deliveries
}
