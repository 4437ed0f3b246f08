// Long loads: progress, stopping, and an event loop that runs on.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ana, mbox, needsModel, ticks } from './support.mjs'

const model = process.env.BESUNNY_MODEL

test('progress comes after each mail, and all of it before the promise settles', async (t) => {
  const { me } = await ana(t)
  const path = await mbox(t, 150)
  const steps = []
  const report = await me.mail.ingestMbox(path, { progress: (step) => steps.push(step) })
  assert.equal(report.stored, 150)
  assert.deepEqual(steps.map(({ done }) => done), Array.from({ length: 150 }, (_, number) => number + 1))
  assert.ok(steps.every(({ bytesDone, bytesTotal }) => bytesDone > 0 && bytesDone <= bytesTotal))
  assert.equal(steps[0].deliveries[0].document.title, 'Roof 0')
  assert.equal(steps[0].deliveries[0].username, 'ana')
})

test('timers keep ticking during a load', async (t) => {
  const { me } = await ana(t)
  const path = await mbox(t, 400)
  const { result, count, longest, took } = await ticks(() => me.mail.ingestMbox(path))
  assert.equal(result.stored, 400)
  assert.ok(count > took / 50, `${count} ticks in ${took} ms`)
  assert.ok(longest < 500, `longest pause ${longest} ms`)
})

test('timers keep ticking during a load with a model', needsModel, async (t) => {
  const { me } = await ana(t, { model })
  const path = await mbox(t, 100)
  const { count, took } = await ticks(() => me.mail.ingestMbox(path))
  assert.ok(count > took / 50, `${count} ticks in ${took} ms`)
})

test('an aborted signal rejects before anything is read', async (t) => {
  const { me } = await ana(t)
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(me.mail.ingestMbox('no/such.mbox', { signal }), (error) => {
    assert.equal(error.code, 'cancelled')
    assert.equal(error.operation, 'mail.ingest_mbox')
    assert.equal(error.cause.message, 'enough')
    return true
  })
})

test('an abort on the way stops between two mails; what is stored stays', async (t) => {
  const { ws, me } = await ana(t)
  const path = await mbox(t, 600)
  const controller = new AbortController()
  let done = 0
  const load = me.mail.ingestMbox(path, {
    signal: controller.signal,
    progress: (step) => {
      done = step.done
      if (done === 10) controller.abort()
    },
  })
  await assert.rejects(load, { code: 'cancelled', retryable: false })
  const { documents } = await ws.status()
  assert.equal(documents, done)
  assert.ok(documents >= 10 && documents < 600, `${documents} stored`)
  const report = await me.mail.ingestMbox(path, { signal: new AbortController().signal })
  assert.equal(report.unchanged, documents)
  assert.equal(report.stored, 600 - documents)
})

test('a progress callback that throws stops the load and is the cause', async (t) => {
  const { me } = await ana(t)
  const path = await mbox(t, 300)
  const progress = () => {
    throw new RangeError('from the callback')
  }
  await assert.rejects(me.mail.ingestMbox(path, { progress }), (error) => {
    assert.equal(error.code, 'cancelled')
    assert.ok(error.cause instanceof RangeError)
    return true
  })
})
