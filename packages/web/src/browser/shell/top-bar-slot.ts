import { useEffect, useState } from 'react'

export const topBarSlotId = 'top-bar-slot'

/** The place in the bar where a page may put its own buttons. */
export function useTopBarSlot(): HTMLElement | null {
  const [slot, setSlot] = useState<HTMLElement | null>(null)
  useEffect(() => setSlot(document.getElementById(topBarSlotId)), [])
  return slot
}
