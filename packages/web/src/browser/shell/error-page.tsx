import { Alert, Button } from '@grafana/ui'
import type { ReactNode } from 'react'

export function ErrorPage({ error, title }: { readonly error: Error; readonly title?: string }): ReactNode {
  return (
    <div style={{ maxWidth: 900, margin: '48px auto', padding: '0 24px' }}>
      <Alert severity="error" title={title ?? 'This page failed'}>
        <p style={{ whiteSpace: 'pre-wrap' }}>{error.message}</p>
        <Button variant="secondary" onClick={() => location.reload()}>
          Load it again
        </Button>
      </Alert>
    </div>
  )
}
