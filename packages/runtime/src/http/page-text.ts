import { markup } from './page.ts'
import type { Html } from './page.ts'

/** `2026-01-02 03:04:05 UTC` */
export function timeText(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** `3d 4h`, `12m`, `5s`: the two largest units. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0s'
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ')
}

/** A text with its web addresses as links. */
export function linked(text: string): Html {
  const pieces = text.split(/(https?:\/\/[^\s<>"']+)/)
  return markup`${pieces.map((piece, index) => (index % 2 === 1 ? markup`<a href="${piece}" rel="noreferrer">${piece}</a>` : piece))}`
}

export function problemCard(message: string): Html {
  return markup`<div class="card edge-bad bad" role="alert">${message}</div>`
}
