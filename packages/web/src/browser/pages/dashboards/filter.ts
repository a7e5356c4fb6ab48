import type { DashboardHitDto } from '../../../common/api.ts'

/** Every word of the query must be in the title, the folder or a tag; every tag must be there. */
export function filterDashboards(
  dashboards: readonly DashboardHitDto[],
  wanted: { readonly query: string; readonly tags: readonly string[] },
): DashboardHitDto[] {
  const words = wanted.query.toLowerCase().split(/\s+/).filter(Boolean)
  return dashboards
    .filter(({ tags }) => wanted.tags.every((tag) => tags.includes(tag)))
    .filter(({ title, folderTitle = '', tags }) => {
      const text = [title, folderTitle, ...tags].join(' ').toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .sort((a, b) => a.title.localeCompare(b.title))
}

export function tagsOf(dashboards: readonly DashboardHitDto[]): string[] {
  return [...new Set(dashboards.flatMap(({ tags }) => tags))].sort()
}
