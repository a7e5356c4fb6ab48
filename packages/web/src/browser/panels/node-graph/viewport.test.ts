import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arcPath, edgePath, nodeRadius } from './edge-path.ts'
import { fit, maxScale, zoomAt } from './viewport.ts'

const box = { width: 800, height: 600 }

test('everything fits', () => {
  const points = [
    { x: -500, y: 0 },
    { x: 900, y: 700 },
  ]
  const view = fit(points, box)
  for (const { x, y } of points) {
    const [left, top] = [x * view.scale + view.shiftX, y * view.scale + view.shiftY]
    assert.ok(left > 0 && left < box.width && top > 0 && top < box.height)
  }
  assert.deepEqual(fit([], box), { scale: 1, shiftX: 400, shiftY: 300 })
})

test('zooming keeps the place under the pointer, within limits', () => {
  let view = fit([{ x: 0, y: 0 }], box)
  const place = { x: 100, y: 50 }
  const before = (place.x - view.shiftX) / view.scale
  for (let step = 0; step < 50; step++) view = zoomAt(view, place, 1.2)
  assert.equal(view.scale, maxScale)
  assert.ok(Math.abs((place.x - view.shiftX) / view.scale - before) < 1e-6)
})

test('edges end at the rings and keep apart from their counterparts', () => {
  const [a, b] = [
    { x: 0, y: 0 },
    { x: 300, y: 0 },
  ]
  const there = edgePath(a, b, { isPaired: true, isLoop: false })
  const back = edgePath(b, a, { isPaired: true, isLoop: false })
  assert.ok(there.middle.y < 0 && back.middle.y > 0)
  const [start] = /-?[\d.]+,-?[\d.]+/.exec(there.path) ?? ['']
  const [x, y] = start.split(',').map(Number)
  assert.ok(Math.abs(Math.hypot(x ?? 0, y ?? 0) - nodeRadius - 2) < 0.2)
  assert.ok(edgePath(a, a, { isPaired: false, isLoop: true }).middle.y < -nodeRadius)
})

test('a whole ring is drawn, and a part of one', () => {
  assert.match(arcPath(0, 1, 40), /^M0,-40 A.* A/)
  assert.equal(arcPath(0, 0.25, 40), 'M0.0,-40.0 A40,40 0 0 1 40.0,0.0')
})
