import type { DataFrame } from '@grafana/data'

/** Wide or long, a frame can be drawn over time when it has a time and a number. Others are left out. */
export function drawableFrames(frames: readonly DataFrame[]): DataFrame[] {
  return frames.filter(
    ({ fields, length }) =>
      length > 0 &&
      fields.some(({ type }) => (type as string) === 'time') &&
      fields.some(({ type }) => (type as string) === 'number' || (type as string) === 'boolean'),
  )
}

export function exemplarFrames(annotations: readonly DataFrame[] | undefined): DataFrame[] {
  return (annotations ?? []).filter(({ name }) => name === 'exemplar')
}

export function eventFrames(annotations: readonly DataFrame[] | undefined): DataFrame[] {
  return (annotations ?? []).filter(({ name }) => name !== 'exemplar')
}
