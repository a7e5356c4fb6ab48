import { EmptyState, LinkButton } from '@grafana/ui'
import type { ReactNode } from 'react'
import { bootData } from '../app/boot-data.ts'
import { useBreadcrumbs } from '../shell/breadcrumbs.tsx'

export function NotFoundPage(): ReactNode {
  useBreadcrumbs({ text: 'Not found' })
  return (
    <EmptyState
      variant="not-found"
      hideImage
      message="There is no such page"
      button={<LinkButton href={`${bootData.settings.appSubUrl}/`}>Go home</LinkButton>}
    />
  )
}
