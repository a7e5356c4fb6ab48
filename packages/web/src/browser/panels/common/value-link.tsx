import type { DisplayValue, FieldDisplay } from '@grafana/data'
import { DataLinksContextMenu } from '@grafana/ui'
import type { ReactNode } from 'react'

/** Makes a drawn value lead where its data links say. */
export function ValueLink(props: {
  readonly value: FieldDisplay
  readonly children: (link: {
    openMenu?: (event: React.MouseEvent<HTMLElement | SVGElement>) => void
    targetClassName?: string
  }) => ReactNode
}): ReactNode {
  const { value, children } = props
  if (!value.hasLinks || !value.getLinks) return children({})
  return <DataLinksContextMenu links={value.getLinks}>{(api) => <>{children(api)}</>}</DataLinksContextMenu>
}

/** Titles are left out when there is only one value, as the panel's title says it already. */
export function withTitle(display: DisplayValue, showTitle: boolean): DisplayValue {
  return showTitle ? display : { ...display, title: undefined }
}
