/** How Loki and Tempo name a route in their metrics: `/api/search/tag/:tag/values` is `api_search_tag_tag_values`. */
export function routeLabel(route: string | undefined): string {
  if (route === undefined) return 'other'
  return (
    route
      .replace(/[/:{}-]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .toLowerCase() || 'root'
  )
}
