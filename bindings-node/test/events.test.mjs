// Events and subscriptions.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ana } from './support.mjs'

async function notes(me, count) {
  for (let number = 0; number < count; number++) await me.documents.ingest(`Note number ${number}`)
}

async function positions(subscription) {
  const seen = []
  for await (const event of subscription) seen.push(event.position)
  return seen
}

test('moving on acknowledges', async (t) => {
  const { me } = await ana(t)
  await notes(me, 3)
  const all = (await me.events.read()).map((event) => event.position)
  for await (const event of me.events.subscribe('mailer', { timeout: 0 })) {
    assert.equal(event.version, 1)
    assert.equal(event.kind, 'document.stored')
    assert.ok(event.at instanceof Date)
    if (event.position === all[1]) break
  }
  assert.deepEqual(await positions(me.events.subscribe('mailer', { timeout: 0 })), all.slice(1))
  assert.deepEqual(await positions(me.events.subscribe('mailer', { timeout: 0 })), [])
})

test('without autoAck the caller acknowledges', async (t) => {
  const { me } = await ana(t)
  await notes(me, 3)
  const options = { timeout: 0, autoAck: false }
  const events = me.events.subscribe('mailer', options)
  const [first, second] = [await events.nextEvent(), await events.nextEvent()]
  await events.ack(first.position)
  await assert.rejects(events.ack(second.position + 1000), { code: 'invalid_input', operation: 'events.ack' })
  await events.close()
  assert.equal(await events.nextEvent(), null)
  assert.equal((await positions(me.events.subscribe('mailer', options)))[0], second.position)
  assert.deepEqual((await me.events.cursors()).map(({ name, lag }) => ({ name, lag })), [{ name: 'mailer', lag: 2 }])
})

test('a loop that waits leaves the event loop free, and a signal ends it', async (t) => {
  const { me } = await ana(t)
  const stop = new AbortController()
  const seen = []
  const loop = (async () => {
    for await (const event of me.events.subscribe('mailer', { signal: stop.signal, kinds: ['document.stored'] })) {
      if (seen.push(event.kind) === 2) stop.abort()
    }
  })()
  await notes(me, 2)
  await loop
  assert.deepEqual(seen, ['document.stored', 'document.stored'])
  assert.deepEqual(await positions(me.events.live({ signal: AbortSignal.abort() })), [])
})

test('closing the workspace ends the iteration', async (t) => {
  const { ws, me } = await ana(t)
  const live = me.events.live({ timeout: 60_000 })
  const waiting = live.nextEvent()
  await me.events.cursors()
  await ws.close()
  assert.equal(await waiting.catch((error) => (assert.equal(error.code, 'closed'), null)), null)
  await live.close()
})

test('a handler is retried, and then stops or skips', async (t) => {
  const { me } = await ana(t)
  await notes(me, 3)
  const [first, second, third] = (await me.events.read()).map((event) => event.position)
  const down = new TypeError('the line is down')
  const tried = []
  const send = ({ position }) => {
    tried.push(position)
    if (position === second) throw down
  }
  const options = { timeout: 0, attempts: 3, backoff: 1, longestBackoff: 2 }
  await assert.rejects(me.events.handle('mailer', send, options), (error) => error === down)
  assert.deepEqual(tried.splice(0), [first, second, second, second])
  const report = await me.events.handle('mailer', async (event) => send(event), { ...options, onFailure: 'skip' })
  assert.deepEqual([report.handled, report.skipped], [1, 1])
  assert.equal(report.failures[0].event.position, second)
  assert.equal(report.failures[0].error, down)
  assert.deepEqual(tried.splice(0), [second, second, second, third])
  assert.deepEqual(await me.events.handle('mailer', send, options), { handled: 0, skipped: 0, failures: [] })
})

test('a handler that succeeds in the end has handled the event', async (t) => {
  const { me } = await ana(t)
  await notes(me, 1)
  let left = 2
  const send = () => (left-- > 0 ? Promise.reject(new Error('not yet')) : 'sent')
  const report = await me.events.handle('mailer', send, { timeout: 0, backoff: 1, onFailure: 'skip' })
  assert.deepEqual(report, { handled: 1, skipped: 0, failures: [] })
})

test('a signal ends the handling after the event at hand, and a wait at once', async (t) => {
  const { me } = await ana(t)
  await notes(me, 2)
  const stop = new AbortController()
  const seen = []
  const handle = async (event) => {
    seen.push(event.kind)
    stop.abort()
  }
  assert.equal((await me.events.handle('mailer', handle, { signal: stop.signal })).handled, 1)
  assert.equal((await me.events.handle('mailer', handle, { signal: stop.signal })).handled, 0)
  const waiting = me.events.handle('other', () => {}, { start: 'now', signal: AbortSignal.timeout(20) })
  assert.equal((await waiting).handled, 0)
  assert.deepEqual(seen, ['document.stored'])
})

test('closing the workspace ends the handling', async (t) => {
  const { ws, me } = await ana(t)
  await notes(me, 1)
  const report = await me.events.handle('mailer', () => void ws.close())
  assert.equal(report.handled + report.skipped <= 1, true)
})

test('arguments of a handler are checked', async (t) => {
  const { me } = await ana(t)
  const wrong = [{ attempts: 0 }, { backoff: -1 }, { onFailure: 'burn' }, { kinds: ['document.burnt'] }, { signal: 1 }, 'x']
  for (const options of wrong) {
    await assert.rejects(me.events.handle('mailer', () => {}, options), { name: 'BesunnyError', code: 'invalid_input' })
  }
  await assert.rejects(me.events.handle('mailer'), { code: 'invalid_input', operation: 'events.handle' })
  await assert.rejects(me.events.handle(' ', () => {}), { code: 'invalid_input' })
  assert.deepEqual(await me.events.cursors(), [])
})

test('arguments are checked', async (t) => {
  const { me } = await ana(t)
  for (const wrong of [{ timeout: -1 }, { timeout: NaN }, { kinds: ['document.burnt'] }, { start: 'middle' }, { signal: 1 }]) {
    assert.throws(() => me.events.subscribe('mailer', wrong), { code: 'invalid_input' })
  }
  assert.throws(() => me.events.subscribe(), { code: 'invalid_input' })
  await assert.rejects(me.events.subscribe(' ').nextEvent(), { code: 'invalid_input' })
  await assert.rejects(me.events.ack('mailer', 1), { code: 'invalid_input' })
  await assert.rejects(me.events.ack('mailer', 0.5), { code: 'invalid_input' })
})
