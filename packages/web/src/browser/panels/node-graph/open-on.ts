/** Attributes of something drawn that opens a menu by click, Enter or Space. */
export function openOn(onOpen: (x: number, y: number) => void) {
  return {
    role: 'button',
    tabIndex: 0,
    onClick: (event: React.MouseEvent): void => onOpen(event.clientX, event.clientY),
    onKeyDown: (event: React.KeyboardEvent<SVGGElement>): void => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      const { left, top, width, height } = event.currentTarget.getBoundingClientRect()
      onOpen(left + width / 2, top + height / 2)
    },
  }
}
