import { useEffect, type DependencyList } from 'react'
import { useAsync } from './use-async.ts'

/** As {@link useAsync}, and again every so often while the page is visible. */
export function usePolled<T>(
  load: (signal: AbortSignal) => Promise<T>,
  options: { readonly everyMs: number; readonly dependencies: DependencyList },
) {
  const [state, reload] = useAsync(load, options.dependencies)
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) reload()
    }, options.everyMs)
    return () => clearInterval(timer)
  }, [reload, options.everyMs])
  return [state, reload] as const
}
