import { IconButton } from '@grafana/ui'
import { useState, type ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { request } from '../../api/client.ts'
import { useTopBarSlot } from '../../shell/top-bar-slot.ts'

/** Marks a dashboard as one of the user's favourites; stands in the bar beside the dashboard's name. */
export function StarButton(props: { readonly uid: string; readonly isStarred: boolean }): ReactNode {
  const [isStarred, setStarred] = useState(props.isStarred)
  const slot = useTopBarSlot()
  const toggle = (): void => {
    setStarred(!isStarred)
    const path = `/api/user/stars/dashboard/uid/${encodeURIComponent(props.uid)}`
    request(path, { method: isStarred ? 'DELETE' : 'POST' }).catch((error: unknown) => {
      console.error('The star could not be saved', error)
      setStarred(isStarred)
    })
  }
  if (!slot) return null
  return createPortal(
    <IconButton
      name={isStarred ? 'favorite' : 'star'}
      iconType={isStarred ? 'mono' : 'default'}
      size="lg"
      tooltip={isStarred ? 'Remove from the starred dashboards' : 'Mark as a favourite'}
      onClick={toggle}
    />,
    slot,
  )
}
