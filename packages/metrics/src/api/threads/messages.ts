import type { NativeHistogram } from '@quartet/model'
import type { MatchOp, QueryLimit } from '@quartet/query'
import type { EngineOptions } from '../../query/engine.ts'

/** One query as text: the thread parses it again, which costs less than handing over a tree. */
export interface QueryCall {
  readonly query: string
  readonly at:
    | { readonly kind: 'instant'; readonly timeMs: number }
    | { readonly kind: 'range'; readonly startMs: number; readonly endMs: number; readonly stepMs: number }
  readonly timeoutMs: number
  readonly lookbackMs: number | undefined
  readonly response: { readonly limit: number; readonly withStats: boolean }
  readonly engine: Omit<EngineOptions, 'nowMs'>
}

export type ToThread =
  | { readonly kind: 'run'; readonly id: number; readonly call: QueryCall }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'batch'; readonly selection: number; readonly batch: SeriesBatch }
  /** Selecting or reading failed. */
  | { readonly kind: 'failed'; readonly selection: number; readonly failure: Failure }

export type FromThread =
  | { readonly kind: 'answer'; readonly id: number; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'error'; readonly id: number; readonly failure: Failure }
  /** Wants the first series of a selection; numbers of selections are the thread's own. */
  | {
      readonly kind: 'select'
      readonly query: number
      readonly selection: number
      readonly matchers: readonly { readonly name: string; readonly op: MatchOp; readonly value: string }[]
      readonly minMs: number
      readonly maxMs: number
    }
  /** Wants the next ones. */
  | { readonly kind: 'more'; readonly selection: number }
  | { readonly kind: 'release'; readonly selection: number }

/** Some series of a selection, in its order, as columns. */
export interface SeriesBatch {
  readonly isLast: boolean
  /** Names and values of label pairs that come for the first time; pairs are numbered over the whole selection. */
  readonly newPairs: readonly string[]
  readonly pairs: Uint32Array<ArrayBuffer>
  /** Behind the last pair of each series. */
  readonly pairEnds: Uint32Array<ArrayBuffer>
  /** Number of samples of each series. */
  readonly counts: Uint32Array<ArrayBuffer>
  /** Times id of each series; 0 when its times are its own. */
  readonly timesIds: Uint32Array<ArrayBuffer>
  /** Times that come for the first time, one series after the other. */
  readonly newTimes: Float64Array<ArrayBuffer>
  readonly values: Float64Array<ArrayBuffer>
  /** Native histograms of the series that have any. */
  readonly histograms: ReadonlyMap<number, readonly (NativeHistogram | undefined)[]>
}

/** An error as it crosses between threads. */
export interface Failure {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly limit: QueryLimit | undefined
}
