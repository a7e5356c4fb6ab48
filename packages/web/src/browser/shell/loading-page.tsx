import { LoadingPlaceholder } from '@grafana/ui'
import type { ReactNode } from 'react'

export function LoadingPage(): ReactNode {
  return (
    <div style={{ display: 'flex', justifyContent: 'center', padding: 48 }}>
      <LoadingPlaceholder text="Loading…" />
    </div>
  )
}
