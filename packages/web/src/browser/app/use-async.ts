import { useCallback, useEffect, useState, type DependencyList } from 'react'

export type AsyncState<T> =
  | { readonly kind: 'loading'; readonly previous: T | undefined }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'error'; readonly error: Error; readonly previous: T | undefined }

/**
 * Runs `load` now and whenever a dependency changes; an older run is aborted and its answer ignored.
 * @returns the state (the last value stays available while a new one loads) and a function that loads again
 */
export function useAsync<T>(load: (signal: AbortSignal) => Promise<T>, dependencies: DependencyList) {
  const [state, setState] = useState<AsyncState<T>>({ kind: 'loading', previous: undefined })
  const [run, setRun] = useState(0)
  useEffect(() => {
    const controller = new AbortController()
    setState((old) => ({ kind: 'loading', previous: lastValue(old) }))
    load(controller.signal).then(
      (value) => {
        if (!controller.signal.aborted) setState({ kind: 'ready', value })
      },
      (thrown: unknown) => {
        if (controller.signal.aborted) return
        const error = thrown instanceof Error ? thrown : new Error(String(thrown))
        setState((old) => ({ kind: 'error', error, previous: lastValue(old) }))
      },
    )
    return () => controller.abort()
    // The caller lists what `load` depends on.
  }, [...dependencies, run])
  const reload = useCallback(() => setRun((old) => old + 1), [])
  return [state, reload] as const
}

export function lastValue<T>(state: AsyncState<T>): T | undefined {
  return state.kind === 'ready' ? state.value : state.previous
}
