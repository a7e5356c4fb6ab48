import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DashboardHitDto } from '../../../common/api.ts'
import { filterDashboards, tagsOf } from './filter.ts'

const hit = (title: string, tags: string[]): DashboardHitDto => ({
  id: 1,
  uid: title,
  title,
  url: `/d/${title}`,
  type: 'dash-db',
  tags,
  isStarred: false,
})
const all = [hit('Node exporter', ['linux']), hit('API latency', ['red', 'linux'])]

test('words are found in title and tags, results are sorted by title', () => {
  assert.deepEqual(
    filterDashboards(all, { query: 'LINUX', tags: [] }).map(({ title }) => title),
    ['API latency', 'Node exporter'],
  )
  assert.deepEqual(filterDashboards(all, { query: 'exporter node', tags: [] }).length, 1)
})

test('all tags are needed', () => {
  assert.deepEqual(
    filterDashboards(all, { query: '', tags: ['linux', 'red'] }).map(({ title }) => title),
    ['API latency'],
  )
})

test('tags are listed once', () => {
  assert.deepEqual(tagsOf(all), ['linux', 'red'])
})
