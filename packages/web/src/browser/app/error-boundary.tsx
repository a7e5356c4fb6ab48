import { Component, type ErrorInfo, type ReactNode } from 'react'
import { ErrorPage } from '../shell/error-page.tsx'

interface Props {
  readonly children: ReactNode
}

/** Shows what a page threw instead of an empty window. */
export class ErrorBoundary extends Component<Props, { readonly error: Error | undefined }> {
  override state: { readonly error: Error | undefined } = { error: undefined }

  static getDerivedStateFromError(thrown: unknown): { error: Error } {
    return { error: thrown instanceof Error ? thrown : new Error(String(thrown)) }
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error('A page failed', error, info.componentStack)
  }

  override render(): ReactNode {
    const { error } = this.state
    return error === undefined ? this.props.children : <ErrorPage error={error} />
  }
}
