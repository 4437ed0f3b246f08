// Jobs: enqueueing, handlers, workers, schedules.

import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'

import { BesunnyError, JobFailure, NewJob, VirtualClock, Workspace } from '../index.mjs'
import { ana, mail, open, ticks } from './support.mjs'

const START = '2026-03-28T12:00:00Z'
const HOUR = 3_600_000
const nobody = '00000000-0000-0000-0000-000000000000'

/** An open workspace with the user ana, and a clock that stands still. */
async function still(t) {
  const clock = new VirtualClock(START)
  return { clock, ...(await ana(t, { clock })) }
}

/** A promise that nobody resolves until asked to. */
function gate() {
  let open
  const passed = new Promise((resolve) => (open = resolve))
  return { passed, open }
}

test('a job is stored, done and remembered', async (t) => {
  const { ws } = await still(t)
  const seen = []
  ws.jobs.handler('report', async (job) => {
    job.progress(0.5, 'half')
    seen.push(job)
  })
  const { id, isNew } = await ws.jobs.enqueue('report', { month: 'March' })
  assert.equal(isNew, true)
  assert.equal((await ws.jobs.get(id)).state, 'ready')
  assert.equal(await ws.jobs.runDue(), 1)
  const [job] = seen
  assert.deepEqual([job.id, job.kind, job.payload, job.attempt, job.user], [id, 'report', { month: 'March' }, 1, null])
  assert.ok(job.workspace instanceof Workspace && job.createdAt instanceof Date)
  const done = await ws.jobs.get(id)
  assert.deepEqual(
    { ...done, createdAt: done.createdAt.toISOString() },
    {
      id,
      tenant: nobody,
      state: 'succeeded',
      kind: 'report',
      payload: { month: 'March' },
      priority: 0,
      runAt: new Date(START),
      uniqueKey: null,
      attempt: 1,
      maxAttempts: 10,
      timeout: null,
      concurrencyKey: null,
      concurrencyLimit: 1,
      batch: null,
      cancelRequested: false,
      progress: { fraction: 0.5, message: 'half' },
      failure: null,
      createdAt: '2026-03-28T12:00:00.000Z',
      startedAt: new Date(START),
      finishedAt: new Date(START),
    },
  )
})

test('a payload is what JSON makes of it', async (t) => {
  const { ws } = await still(t)
  const payloads = [
    [undefined, null],
    [null, null],
    ['Alfama \u0000 \u{1f3ac} "', 'Alfama \u0000 \u{1f3ac} "'],
    [0.1 + 0.2, 0.30000000000000004],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [{ at: new Date(START), gone: undefined, list: [1, undefined, NaN], ['__proto__']: 1 }, undefined],
    [[[]], [[]]],
  ]
  for (const [given, expected] of payloads) {
    const { id } = await ws.jobs.enqueue('report', given)
    const { payload } = await ws.jobs.get(id)
    assert.deepEqual(payload, expected === undefined && given !== undefined ? JSON.parse(JSON.stringify(given)) : expected)
  }
  const circular = {}
  circular.self = circular
  const throwing = { toJSON: () => { throw new RangeError('no') } }
  for (const unfit of [circular, 1n, () => {}, Symbol('a'), throwing]) {
    await assert.rejects(ws.jobs.enqueue('report', unfit), { code: 'invalid_input', operation: 'jobs.enqueue' })
  }
  const nested = (depth) => (depth === 0 ? 1 : [nested(depth - 1)])
  await ws.jobs.enqueue('report', nested(100))
  for (const large of ['x'.repeat(17 << 20), nested(101)]) {
    await assert.rejects(ws.jobs.enqueue('report', large), { code: 'limit_exceeded', operation: 'jobs.enqueue' })
  }
  await assert.rejects(ws.jobs.enqueue('report', nested(1000)), { code: 'invalid_input' })
})

test('options say when, in which order and how often', async (t) => {
  const { ws, clock } = await still(t)
  const order = []
  ws.jobs.handler('report', (job) => void order.push(job.payload))
  const at = (hours) => new Date(clock.now().getTime() + hours * HOUR)
  await ws.jobs.enqueueMany([
    { kind: 'report', payload: 'low', priority: -1 },
    { kind: 'report', payload: 'normal' },
    { kind: 'report', payload: 'high', priority: 2 ** 31 - 1 },
    { kind: 'report', payload: 'later', runAt: at(1), delay: HOUR },
  ])
  await ws.jobs.enqueue('report', 'soon', { runAt: at(1).toISOString(), timeout: 1500, concurrencyKey: 'a', concurrencyLimit: 2 })
  const first = await ws.jobs.enqueue('report', 'once', { uniqueKey: 'k', runAt: at(3), maxAttempts: 2 })
  const second = await ws.jobs.enqueue('report', 'twice', { uniqueKey: 'k' })
  assert.deepEqual([second.id, second.isNew], [first.id, false])
  assert.equal(await ws.jobs.runDue(), 3)
  assert.deepEqual(order.splice(0), ['high', 'normal', 'low'])
  assert.equal(await ws.jobs.advance(clock, 24 * HOUR), 3)
  assert.deepEqual(order, ['soon', 'later', 'once'])
  assert.deepEqual(clock.now(), new Date('2026-03-29T12:00:00Z'))
  const { items } = await ws.jobs.list()
  const soon = items.find((job) => job.payload === 'soon')
  assert.deepEqual([soon.timeout, soon.concurrencyKey, soon.concurrencyLimit], [1500, 'a', 2])
  assert.equal(items.find((job) => job.payload === 'once').maxAttempts, 2)
})

test('what a handler throws is kept, and decides on the next attempt', async (t) => {
  const { ws } = await still(t)
  class Odd extends Error {
    name = 'Odd'
  }
  const busy = new BesunnyError({ code: 'locked', operation: 'x', message: 'x: busy (locked)', retryable: true })
  const made = new BesunnyError({ code: 'burnt', operation: 'x', message: 'made up', retryable: true })
  const bare = Object.create(null)
  const cases = {
    sync: [() => { throw new TypeError('no month') }, 'failed', 'handler', 'TypeError: no month'],
    rejects: [() => Promise.reject(new Odd('odd')), 'failed', 'handler', 'Odd: odd'],
    text: [async () => { throw 'just text' }, 'failed', 'handler', 'just text'],
    nothing: [() => Promise.reject(), 'failed', 'handler', 'undefined'],
    bare: [() => { throw bare }, 'failed', 'handler', 'the handler threw what has no text'],
    forGood: [() => { throw new JobFailure('no such month', { retry: false }) }, 'dead', 'handler', 'no such month'],
    again: [() => { throw new JobFailure('not yet', { cause: busy }) }, 'failed', 'handler', 'not yet'],
    ours: [({ workspace }) => workspace.user('nobody').search('x'), 'dead', 'not_found', /^workspace\.user: no such user/],
    busy: [() => { throw busy }, 'failed', 'locked', 'x: busy (locked)'],
    made: [() => { throw made }, 'failed', 'handler', 'made up'],
    plain: [() => 'no promise', 'succeeded'],
    thenable: [() => ({ then: (_, reject) => reject(new Error('thenable')) }), 'failed', 'handler', 'Error: thenable'],
  }
  for (const [kind, [handler]] of Object.entries(cases)) {
    ws.jobs.handler(kind, handler)
    await ws.jobs.enqueue(kind)
  }
  assert.equal(await ws.jobs.runDue(), Object.keys(cases).length)
  for await (const job of ws.jobs.iterate()) {
    const [, state, code, message] = cases[job.kind]
    assert.deepEqual([job.state, job.failure?.code], [state, code], job.kind)
    if (message instanceof RegExp) assert.match(job.failure.message, message)
    else assert.equal(job.failure?.message, message, job.kind)
  }
})

test('a failed job is tried again until its attempts are used up', async (t) => {
  const { ws, clock } = await still(t)
  const attempts = []
  ws.jobs.handler('report', (job) => {
    attempts.push([job.attempt, job.failure?.message ?? null])
    throw new Error(`attempt ${job.attempt}`)
  })
  const { id } = await ws.jobs.enqueue('report', null, { maxAttempts: 3 })
  assert.equal(await ws.jobs.advance(clock, 24 * HOUR), 3)
  assert.deepEqual(attempts, [[1, null], [2, 'Error: attempt 1'], [3, 'Error: attempt 2']])
  assert.equal((await ws.jobs.get(id)).state, 'dead')
  ws.jobs.handler('report', () => {})
  await ws.jobs.requeue(id)
  assert.equal(await ws.jobs.runDue(), 1)
  assert.equal((await ws.jobs.get(id)).state, 'succeeded')
  await assert.rejects(ws.jobs.requeue(id), { code: 'invalid_input', operation: 'jobs.requeue' })
})

test("a user's jobs are done for that user, by a worker of the workspace", async (t) => {
  const { ws, me } = await still(t)
  await ws.users.create('rui')
  ws.jobs.handler('note', async ({ user, payload }) => {
    await user.documents.ingest(payload)
    assert.equal(user.username, 'ana')
  })
  const { id } = await me.jobs.enqueue('note', 'Crew call at six')
  await me.jobs.schedule('nightly', '@daily', { kind: 'note', payload: 'x' })
  assert.equal(await ws.jobs.runDue(), 1)
  assert.equal((await me.search('crew')).length, 1)
  const job = await me.jobs.get(id)
  assert.deepEqual([job.state, job.tenant], ['succeeded', (await me.user()).id])
  assert.equal((await ws.jobs.get(id)).tenant, job.tenant)
  const rui = ws.user('rui')
  await assert.rejects(rui.jobs.get(id), { code: 'not_found', operation: 'jobs.get' })
  assert.deepEqual([(await rui.jobs.list()).items, await rui.jobs.stats(), await rui.jobs.schedules()], [[], [], []])
  await assert.rejects(ws.user('nobody').jobs.stats(), { code: 'not_found' })
  const forbidden = { name: 'BesunnyError', code: 'forbidden' }
  assert.throws(() => me.jobs.handler('note', () => {}), forbidden)
  await assert.rejects(me.jobs.work({ untilIdle: true }), forbidden)
  await assert.rejects(me.jobs.runDue(), forbidden)
  await assert.rejects(me.jobs.advance(new VirtualClock(START), 0), forbidden)
})

test('a batch ends with its completion job', async (t) => {
  const { ws } = await still(t)
  const done = []
  ws.jobs.handler('page', ({ payload }) => {
    done.push(payload)
    if (payload === 2) throw new JobFailure('torn', { retry: false })
  })
  ws.jobs.handler('book', ({ payload }) => void done.push(payload))
  const pages = [1, 2, 3].map((payload) => ({ kind: 'page', payload }))
  const batch = await ws.jobs.enqueueBatch(pages, { kind: 'book', payload: 'bound', timeout: 2000 })
  assert.deepEqual([batch.total, batch.pending, batch.completedAt], [3, 3, null])
  assert.deepEqual([batch.onComplete.payload, batch.onComplete.timeout], ['bound', 2000])
  assert.equal((await ws.jobs.list({ batch: batch.id })).items.length, 3)
  assert.equal(await ws.jobs.runDue(), 4)
  assert.deepEqual(done, [1, 2, 3, 'bound'])
  const ended = await ws.jobs.batch(batch.id)
  assert.deepEqual([ended.pending, ended.dead, ended.cancelled], [0, 1, 0])
  assert.ok(ended.completedAt instanceof Date)
  assert.equal((await ws.jobs.enqueueBatch([])).total, 0)
  await assert.rejects(ws.jobs.batch(nobody), { code: 'not_found', operation: 'jobs.batch' })
})

test('jobs are listed by page, counted, called off and pruned', async (t) => {
  const { ws, clock } = await still(t)
  ws.jobs.handler('report', () => {})
  const enqueued = await ws.jobs.enqueueMany([1, 2, 3, 4, 5].map((payload) => ({ kind: 'report', payload })))
  await ws.jobs.enqueue('other')
  assert.equal(await ws.jobs.cancel(enqueued[4].id), 'ready')
  assert.equal(await ws.jobs.runDue(), 4)
  const page = await ws.jobs.list({ kind: 'report', state: 'succeeded', size: 3 })
  assert.deepEqual(page.items.map((job) => job.payload), [4, 3, 2])
  const rest = await ws.jobs.list({ kind: 'report', state: 'succeeded', size: 3, after: page.next })
  assert.deepEqual([rest.items.map((job) => job.payload), rest.next], [[1], null])
  const all = []
  for await (const job of ws.jobs.iterate({ kind: 'report', size: 2 })) all.push(job.payload)
  assert.deepEqual(all, [5, 4, 3, 2, 1])
  const stats = await ws.jobs.stats()
  assert.deepEqual(stats.map(({ kind, ready, succeeded, cancelled }) => ({ kind, ready, succeeded, cancelled })), [
    { kind: 'other', ready: 1, succeeded: 0, cancelled: 0 },
    { kind: 'report', ready: 0, succeeded: 4, cancelled: 1 },
  ])
  assert.deepEqual([stats[0].oldestReady, stats[1].oldestReady], [new Date(START), null])
  assert.equal(await ws.jobs.prune(1000), 0)
  await ws.jobs.advance(clock, 2000)
  assert.equal(await ws.jobs.prune(1000), 5)
  assert.equal((await ws.jobs.list()).items.length, 1)
  for (const call of ['get', 'cancel', 'requeue']) {
    await assert.rejects(ws.jobs[call](nobody), { code: 'not_found', operation: `jobs.${call}` })
    await assert.rejects(ws.jobs[call]('x'), { code: 'invalid_input' })
  }
})

test('a schedule keeps its time on the wall when the clocks change', async (t) => {
  const { ws, clock } = await still(t)
  const fired = []
  ws.jobs.handler('report', () => void fired.push(clock.now().toISOString()))
  const job = { kind: 'report', payload: { month: 'March' }, timeout: 250, priority: 3 }
  const made = await ws.jobs.schedule('morning', '30 9 * * *', job, { zone: 'Europe/Lisbon' })
  assert.deepEqual([made.nextAt, made.lastAt, made.zone], [new Date('2026-03-29T08:30:00Z'), null, 'Europe/Lisbon'])
  assert.deepEqual(made.job, { ...job, maxAttempts: 10, concurrencyLimit: 1 })
  await ws.jobs.advance(clock, 48 * HOUR)
  assert.deepEqual(fired, ['2026-03-29T08:30:00.000Z', '2026-03-30T08:30:00.000Z'])
  const [kept] = await ws.jobs.schedules()
  assert.deepEqual([kept.name, kept.cron, kept.lastAt], ['morning', '30 9 * * *', new Date('2026-03-30T08:30:00Z')])
  assert.equal((await ws.jobs.schedule('noon', '0 12 * * *', kept.job)).zone, 'UTC')
  await ws.jobs.unschedule('noon')
  await assert.rejects(ws.jobs.unschedule('noon'), { code: 'not_found', operation: 'jobs.unschedule' })
  for (const [cron, options] of [['61 * * * *', {}], ['* * * * *', { zone: 'Mars/Olympus' }], ['0 0 30 2 *', {}]]) {
    await assert.rejects(ws.jobs.schedule('bad', cron, job, options), { code: 'invalid_input' })
  }
})

test('the kinds that every workspace does', async (t) => {
  const { ws, me } = await still(t)
  const about = { title: 'Call sheet', source: 'drive', sourceId: '7', occurredAt: START }
  await me.jobs.enqueue(NewJob.ingestMail(mail({ id: 'a', text: 'The crane comes on Monday.' })))
  await me.jobs.enqueue({ ...NewJob.ingestDocument('The tide is low at seven', about), priority: 5 })
  await ws.jobs.enqueueMany([NewJob.ingestMail(mail({ id: 'b', to: 'ai+ana@besunny.ai' })), NewJob.rebuild()])
  const first = await ws.jobs.enqueue(NewJob.reEmbed())
  const second = await ws.jobs.enqueue(NewJob.reEmbed())
  assert.deepEqual([second.id, second.isNew], [first.id, false])
  assert.equal(await ws.jobs.runDue(), 5)
  assert.equal((await me.search('crane')).length, 1)
  const [tide] = await me.search('tide')
  assert.deepEqual([tide.document.title, tide.document.source, tide.document.sourceId], ['Call sheet', 'drive', '7'])
  assert.equal((await ws.status()).documents, 3)
  assert.throws(() => NewJob.ingestMail('text'), { name: 'BesunnyError', code: 'invalid_input' })
  assert.throws(() => NewJob.ingestDocument('x', { type: 'fax' }), { name: 'BesunnyError', code: 'invalid_input' })
})

test('a worker does several jobs at once and leaves the event loop free', async (t) => {
  const ws = await open(t)
  let [running, most] = [0, 0]
  ws.jobs.handler('report', async () => {
    most = Math.max(most, (running += 1))
    await delay(20)
    running -= 1
  })
  await ws.jobs.enqueueMany(Array.from({ length: 40 }, () => ({ kind: 'report' })))
  const { result, count } = await ticks(() => ws.jobs.work({ concurrency: 8, untilIdle: true }))
  assert.deepEqual(result, { succeeded: 40, failed: 0, dead: 0, cancelled: 0, handedBack: 0 })
  assert.equal(most, 8)
  assert.ok(count > 5, `${count} ticks`)
})

test('a signal ends the worker, and what runs may finish', async (t) => {
  const ws = await open(t)
  const stop = new AbortController()
  const { passed, open: finish } = gate()
  ws.jobs.handler('report', async () => {
    stop.abort()
    await passed
  })
  await ws.jobs.enqueueMany([{ kind: 'report' }, { kind: 'report' }])
  setTimeout(finish, 50)
  assert.deepEqual(await ws.jobs.work({ concurrency: 1, signal: stop.signal }), {
    succeeded: 1,
    failed: 0,
    dead: 0,
    cancelled: 0,
    handedBack: 0,
  })
  const nothing = await ws.jobs.work({ signal: AbortSignal.abort() })
  assert.equal(nothing.succeeded, 0)
  assert.deepEqual((await ws.jobs.stats()).map(({ ready }) => ready), [1])
})

test('who does not finish in time hands the job back', async (t) => {
  const ws = await open(t)
  const stop = new AbortController()
  let signal
  ws.jobs.handler('report', (job) => {
    signal = job.signal
    stop.abort()
    return new Promise(() => {})
  })
  const { id } = await ws.jobs.enqueue('report')
  const report = await ws.jobs.work({ signal: stop.signal, grace: 10 })
  assert.equal(report.handedBack, 1)
  assert.equal((await ws.jobs.get(id)).state, 'ready')
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  assert.ok(signal.reason instanceof BesunnyError && signal.reason.code === 'cancelled')
})

test('calling a job off aborts its signal', async (t) => {
  const ws = await open(t)
  ws.jobs.handler('report', async (job) => {
    assert.equal(job.signal, job.signal)
    assert.equal(await ws.jobs.cancel(job.id), 'running')
    await new Promise((resolve) => job.signal.addEventListener('abort', resolve))
    throw job.signal.reason
  })
  const { id } = await ws.jobs.enqueue('report')
  const report = await ws.jobs.work({ untilIdle: true })
  assert.deepEqual([report.cancelled, report.dead, report.failed], [1, 0, 0])
  const job = await ws.jobs.get(id)
  assert.deepEqual([job.state, job.cancelRequested], ['cancelled', true])
})

test('an attempt that takes too long is stopped, also one that never settles', async (t) => {
  const ws = await open(t)
  const aborted = []
  ws.jobs.handler('report', (job) => {
    job.signal.addEventListener('abort', () => aborted.push(job.attempt))
    return new Promise(() => {})
  })
  const { id } = await ws.jobs.enqueue('report', null, { timeout: 60, maxAttempts: 2 })
  const report = await ws.jobs.work({ untilIdle: true, backoff: { first: 0 } })
  assert.deepEqual([report.failed, report.dead], [1, 1])
  const { state, failure } = await ws.jobs.get(id)
  assert.deepEqual([state, failure.code], ['dead', 'timeout'])
  while (aborted.length < 2) await delay(5)
  assert.deepEqual(aborted, [1, 2])
})

test('a job that is over has a signal that never fires, and progress that counts for nothing', async (t) => {
  const { ws } = await still(t)
  let kept
  ws.jobs.handler('report', (job) => void (kept = job))
  const { id } = await ws.jobs.enqueue('report')
  await ws.jobs.runDue()
  kept.progress(1)
  await ws.jobs.runDue()
  assert.equal((await ws.jobs.get(id)).progress, null)
  assert.equal(kept.signal.aborted, false)
  await ws.close()
  assert.equal(kept.signal.aborted, false)
})

test('progress is checked, and kept between 0 and 1', async (t) => {
  const { ws } = await still(t)
  ws.jobs.handler('report', (job) => {
    const wrong = { name: 'BesunnyError', code: 'invalid_input', operation: 'jobs.progress' }
    assert.throws(() => job.progress('half'), wrong)
    assert.throws(() => job.progress(0.5, 7), wrong)
    job.progress(7)
  })
  const { id } = await ws.jobs.enqueue('report')
  await ws.jobs.runDue()
  assert.deepEqual(await ws.jobs.get(id).then(({ state, progress }) => ({ state, progress })), {
    state: 'succeeded',
    progress: { fraction: 1, message: null },
  })
})

test('a job tells of its failure by an event', async (t) => {
  const { ws, me } = await still(t)
  ws.jobs.handler('report', () => {
    throw new JobFailure('no', { retry: false })
  })
  const { id } = await me.jobs.enqueue('report')
  await ws.jobs.runDue()
  const [event] = await me.events.read({ kinds: ['job.failed'] })
  assert.equal(event.subjectId, id)
})

test('closing the workspace ends its workers', async (t) => {
  const ws = await open(t)
  const { passed, open: begun } = gate()
  ws.jobs.handler('report', () => {
    begun()
    return new Promise(() => {})
  })
  await ws.jobs.enqueue('report')
  const working = ws.jobs.work({ grace: 10 })
  await passed
  await ws.close()
  assert.equal((await working).handedBack, 1)
  const closed = { name: 'BesunnyError', code: 'closed' }
  assert.throws(() => ws.jobs.handler('report', () => {}), closed)
  for (const call of [() => ws.jobs.work(), () => ws.jobs.enqueue('x'), () => ws.jobs.stats(), () => ws.jobs.runDue()]) {
    await assert.rejects(call(), closed)
  }
})

test('finished jobs are kept for ever, or removed', async (t) => {
  const ws = await open(t)
  ws.jobs.handler('report', () => {})
  await ws.jobs.enqueue('report')
  await ws.jobs.work({ untilIdle: true, keepFinished: null })
  assert.equal((await ws.jobs.list({ state: 'succeeded' })).items.length, 1)
  const stop = new AbortController()
  const working = ws.jobs.work({ keepFinished: 0, signal: stop.signal })
  while ((await ws.jobs.list()).items.length > 0) await delay(20)
  stop.abort()
  await working
})

test('arguments are checked', async (t) => {
  const { ws } = await still(t)
  const jobs = ws.jobs
  const wrong = {
    'a kind': () => jobs.enqueue(7),
    'no kind': () => jobs.enqueue({ payload: 1 }),
    'an empty kind': () => jobs.enqueue(''),
    options: () => jobs.enqueue('x', null, 'options'),
    priority: () => jobs.enqueue('x', null, { priority: 2 ** 31 }),
    'half a priority': () => jobs.enqueue('x', null, { priority: 0.5 }),
    runAt: () => jobs.enqueue('x', null, { runAt: 'tomorrow' }),
    uniqueKey: () => jobs.enqueue('x', null, { uniqueKey: '' }),
    maxAttempts: () => jobs.enqueue('x', null, { maxAttempts: 0 }),
    delay: () => jobs.enqueue('x', null, { delay: '1 s' }),
    timeout: () => jobs.enqueue('x', null, { timeout: 0 }),
    'negative timeout': () => jobs.enqueue('x', null, { timeout: -1 }),
    concurrencyLimit: () => jobs.enqueue('x', null, { concurrencyLimit: 0 }),
    'one of many': () => jobs.enqueueMany([{ kind: 'x' }, { kind: 'x', maxAttempts: -1 }]),
    'no list': () => jobs.enqueueMany({ kind: 'x' }),
    'no batch': () => jobs.enqueueBatch(),
    onComplete: () => jobs.enqueueBatch([], { kind: '' }),
    state: () => jobs.list({ state: 'lost' }),
    size: () => jobs.list({ size: 0 }),
    prune: () => jobs.prune(-1),
    'no age': () => jobs.prune(),
    schedule: () => jobs.schedule('x', '* * * * *'),
    concurrency: () => jobs.work({ concurrency: 0 }),
    lease: () => jobs.work({ lease: 1 }),
    grace: () => jobs.work({ grace: '1 s' }),
    keepFinished: () => jobs.work({ keepFinished: 'for ever' }),
    backoff: () => jobs.work({ backoff: { first: NaN } }),
    signal: () => jobs.work({ signal: 1 }),
    'work options': () => jobs.work('fast'),
    clock: () => jobs.advance(new Date(), 1),
    by: () => jobs.advance(new VirtualClock(START), Infinity),
    'clock to open with': () => Workspace.open('nowhere', { clock: START }),
  }
  for (const [what, call] of Object.entries(wrong)) {
    await assert.rejects(call(), { name: 'BesunnyError', code: 'invalid_input' }, what)
  }
  assert.equal((await jobs.list()).items.length, 0)
  const thrown = { name: 'BesunnyError', code: 'invalid_input' }
  for (const call of [
    () => jobs.handler('x'),
    () => jobs.handler('x', 'function'),
    () => jobs.handler('', () => {}),
    () => jobs.handler(7, () => {}),
    () => new VirtualClock('noon'),
    () => new VirtualClock(),
    () => new VirtualClock(START).set(new Date(NaN)),
  ]) {
    assert.throws(call, thrown)
  }
})

test('a virtual clock never goes back', () => {
  const clock = new VirtualClock(new Date(START))
  clock.set('2026-03-29')
  clock.set(START)
  assert.deepEqual(clock.now(), new Date('2026-03-29T00:00:00Z'))
  assert.ok(clock instanceof VirtualClock)
})
