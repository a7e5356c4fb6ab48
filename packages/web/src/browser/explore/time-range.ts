import { dateMath, dateTime, type DateTime, type TimeRange } from '@grafana/data'

/** Relative (`now-1h`), epoch milliseconds or ISO texts as a time range; what cannot be read is the last hour. */
export function toTimeRange(range: { readonly from: string; readonly to: string }, timeZone: string): TimeRange {
  const from = parse(range.from, false, timeZone)
  const to = parse(range.to, true, timeZone)
  if (!from || !to) return toTimeRange({ from: 'now-1h', to: 'now' }, timeZone)
  const isRelative = (text: string): boolean => text.startsWith('now')
  return {
    from,
    to,
    raw: { from: isRelative(range.from) ? range.from : from, to: isRelative(range.to) ? range.to : to },
  }
}

function parse(text: string, roundUp: boolean, timezone: string): DateTime | undefined {
  if (/^\d+$/.test(text)) return dateTime(Number(text))
  const time = dateMath.toDateTime(text, { roundUp, timezone })
  return time?.isValid() ? time : undefined
}
