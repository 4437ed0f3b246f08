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
