import { Dropdown, Menu, ToolbarButton } from '@grafana/ui'
import { sceneGraph, SceneObjectBase, type SceneComponentProps, type SceneObjectState } from '@grafana/scenes'
import type { ReactNode } from 'react'
import type { PanelLinkModel } from '../model.ts'

interface PanelLinksState extends SceneObjectState {
  readonly links: readonly PanelLinkModel[]
}

/** The links of one panel, in its header. */
export class PanelLinks extends SceneObjectBase<PanelLinksState> {
  static Component = PanelLinksView
}

function PanelLinksView({ model }: SceneComponentProps<PanelLinks>): ReactNode {
  const { links } = model.useState()
  const items = links.map(({ title, url, targetBlank }, index) => (
    <Menu.Item
      key={index}
      label={sceneGraph.interpolate(model, title)}
      url={sceneGraph.interpolate(model, url)}
      target={targetBlank ? '_blank' : '_self'}
    />
  ))
  return (
    <Dropdown overlay={<Menu>{items}</Menu>}>
      <ToolbarButton icon="external-link-alt" iconSize="md" aria-label="Links of this panel" />
    </Dropdown>
  )
}
