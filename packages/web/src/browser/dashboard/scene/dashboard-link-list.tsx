import { isIconName, textUtil, type IconName } from '@grafana/data'
import { sceneGraph, type SceneObject } from '@grafana/scenes'
import { Dropdown, LinkButton, Menu, ToolbarButton } from '@grafana/ui'
import type { ReactNode } from 'react'
import type { DashboardHitDto } from '../../../common/api.ts'
import { requestJson } from '../../api/client.ts'
import { bootData } from '../../app/boot-data.ts'
import { lastValue, useAsync } from '../../app/use-async.ts'
import type { DashboardLinkModel } from '../model.ts'

interface Props {
  readonly scene: SceneObject
  readonly links: readonly DashboardLinkModel[]
}

/** The links of a dashboard: to a URL, or to all dashboards with a tag. */
export function DashboardLinkList({ scene, links }: Props): ReactNode {
  return links.map((link, index) =>
    link.type === 'dashboards' ? (
      <TaggedDashboards key={index} scene={scene} link={link} />
    ) : (
      <LinkButton
        key={index}
        variant="secondary"
        fill="outline"
        icon={iconOf(link.icon)}
        href={textUtil.sanitizeUrl(withState(scene, link, sceneGraph.interpolate(scene, link.url ?? '')))}
        target={link.targetBlank ? '_blank' : undefined}
        title={link.tooltip}
      >
        {sceneGraph.interpolate(scene, link.title)}
      </LinkButton>
    ),
  )
}

function TaggedDashboards({
  scene,
  link,
}: {
  readonly scene: SceneObject
  readonly link: DashboardLinkModel
}): ReactNode {
  const search = new URLSearchParams({ type: 'dash-db' })
  for (const tag of link.tags ?? []) search.append('tag', tag)
  const [state] = useAsync(
    (signal) => requestJson<DashboardHitDto[]>(`/api/search?${search.toString()}`, { signal }),
    [search.toString()],
  )
  const dashboards = lastValue(state) ?? []
  const items = dashboards.map(({ uid, title, url }) => ({
    uid,
    title,
    href: withState(scene, link, bootData.settings.appSubUrl + url),
  }))
  const target = link.targetBlank ? '_blank' : '_self'
  if (link.asDropdown !== true) {
    return items.map(({ uid, title, href }) => (
      <LinkButton key={uid} variant="secondary" fill="outline" icon="apps" href={href} target={target}>
        {title}
      </LinkButton>
    ))
  }
  const menu = (
    <Menu>
      {items.map(({ uid, title, href }) => (
        <Menu.Item key={uid} label={title} url={href} target={target} />
      ))}
    </Menu>
  )
  return (
    <Dropdown overlay={menu}>
      <ToolbarButton variant="canvas" icon="bars">
        {link.title}
      </ToolbarButton>
    </Dropdown>
  )
}

/** Takes the time and the variables along when the link wants them. */
function withState(scene: SceneObject, link: DashboardLinkModel, url: string): string {
  const parts = [
    ...(link.keepTime ? [sceneGraph.interpolate(scene, '${__url_time_range}')] : []),
    ...(link.includeVars ? [sceneGraph.interpolate(scene, '${__all_variables}')] : []),
  ].filter((part) => part !== '')
  if (parts.length === 0) return url
  return `${url}${url.includes('?') ? '&' : '?'}${parts.join('&')}`
}

function iconOf(name: string | undefined): IconName {
  const renamed = {
    'external link': 'external-link-alt',
    doc: 'file-alt',
    info: 'info-circle',
    question: 'question-circle',
  }
  const wanted = renamed[name as keyof typeof renamed] ?? name ?? 'link'
  return isIconName(wanted) ? wanted : 'link'
}
