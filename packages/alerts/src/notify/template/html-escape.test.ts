import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KV } from './data.ts'
import { SafeText } from './functions.ts'
import { printHtml } from './html-escape.ts'
import { NotificationTemplates } from './notification-templates.ts'

test('text is escaped for HTML, what is said to be safe is not', () => {
  assert.equal(printHtml('<b>"x" & y', '<p>'), '&lt;b&gt;&#34;x&#34; &amp; y')
  assert.equal(printHtml(new SafeText('<b>x</b>', 'html'), '<p>'), '<b>x</b>')
  assert.equal(printHtml(new SafeText('<b>x</b>"', 'html'), '<p title="'), 'x&#34;')
})

test('addresses keep what an address may hold and run no script', () => {
  assert.equal(printHtml('http://a/b?c=d&e=%20"', '<a href="'), 'http://a/b?c=d&amp;e=%20%22')
  assert.equal(printHtml('javascript:alert(1)', '<a href="'), '#ZgotmplZ')
  assert.equal(printHtml(' JavaScript:alert(1)', "<a href='"), '#ZgotmplZ')
  assert.equal(printHtml(new SafeText('tel:1', 'url'), '<a href='), 'tel:1')
  assert.equal(printHtml('x y', '<a class="button" href="/p/'), 'x%20y')
})

test('parts of a query are escaped whole, once', () => {
  assert.equal(printHtml('a=b&ü', '<a href="/s?q='), 'a%3db%26%c3%bc')
  assert.equal(printHtml(new SafeText('a%3Db', 'query'), '<a href="/#/alerts?receiver='), 'a%3Db')
})

test('pairs write themselves as upstream does, in text and in HTML', () => {
  const templates = new NotificationTemplates([], () => 0)
  const data = KV.of([
    ['a', '1'],
    ['b', '<'],
  ])
  assert.equal(templates.execute('{{ .SortedPairs }}', data, false), 'a=1, b=<')
  assert.equal(templates.execute('{{ .SortedPairs }}', data, true), 'a=1, b=&lt;')
  assert.equal(templates.execute('{{ index .SortedPairs 0 }}', data, false), '{a 1}')
})
