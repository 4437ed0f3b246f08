// Google, played by a fake: linking, notifications, keeping level, meetings, disconnecting.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { BesunnyError, Google, Meetings, UserGoogle, Webhooks, Workspace } from '../index.mjs'
import { ANA, HOUR, KEY, SUBSCRIPTION, link, withGoogle } from './google-support.mjs'
import { ana, folder } from './support.mjs'

const code = (code) => (error) => error instanceof BesunnyError && error.code === code
const work = (ws) => ws.jobs.work({ untilIdle: true })

test('an account is linked and kept level', async (t) => {
  const { fake, ws, me } = await withGoogle(t)
  assert.ok(ws.google instanceof Google && ws.google.gmail instanceof Webhooks)
  assert.ok(me.google instanceof UserGoogle && me.meetings instanceof Meetings)
  await fake.deliver('The crane of Monday')
  const { account, missing, returnTo } = await link(fake, me, 'gmail', 'drive', 'calendar')
  assert.deepEqual([account.email, account.kind, account.status, account.name], [ANA, 'consented', 'active', 'Ana Lopes'])
  assert.deepEqual([missing, returnTo, account.tenant], [[], '/settings', (await me.user()).id])
  assert.ok(account.linkedAt instanceof Date)
  assert.deepEqual(await me.google.accounts(), [account])
  assert.equal((await work(ws)).dead, 0)
  assert.deepEqual((await me.search('crane')).map((hit) => hit.document.title), ['The crane of Monday'])

  await fake.control('push.forget')
  await delay(1100) // Gmail says nothing within a second of what it said last
  await fake.deliver('The drone permit', 'It runs out on 30 June.')
  const push = (await fake.pushes('gmail')).at(-1)
  const outcome = await ws.google.gmail.notify(new Headers(push.headers), push.body)
  assert.deepEqual(outcome, {
    status: 200,
    body: { success: true },
    verdict: 'accepted',
    text: '{"success":true}',
    contentType: 'application/json',
  })
  assert.deepEqual(await me.search('permit'), [])
  await work(ws)
  const [hit] = await me.search('drone permit')
  assert.equal(hit.document.source, 'email')

  const [health] = await me.google.health()
  assert.deepEqual([health.health, health.account.id], ['green', account.id])
  assert.deepEqual(health.streams.map(({ stream }) => stream).sort(), ['calendar:primary', 'drive', 'gmail'])
  const mail = health.streams.find(({ stream }) => stream === 'gmail')
  assert.deepEqual([mail.objects, mail.lag, mail.reasons], [2, 0, []])
  assert.ok(mail.heardAt instanceof Date && mail.watchExpiresAt instanceof Date)
  assert.deepEqual(await ws.google.health(), await me.google.health())
})

test('headers come in all forms, and bodies too', async (t) => {
  const { fake, ws, me } = await withGoogle(t)
  await link(fake, me, 'gmail')
  await work(ws)
  await fake.deliver('Hello')
  const { headers, body } = (await fake.pushes('gmail')).at(-1)
  const forms = [
    headers,
    new Map(headers),
    new Headers(headers),
    Object.fromEntries(headers),
    Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), [value]])),
    { ...Object.fromEntries(headers), 'x-nothing': undefined },
  ]
  for (const form of forms) assert.equal((await ws.google.gmail.notify(form, body)).verdict, 'accepted')
  assert.equal((await ws.google.gmail.notify(headers, Buffer.from(body))).verdict, 'accepted')
  assert.equal((await ws.google.gmail.notify(headers)).verdict, 'malformed')
  for (const unfit of [undefined, null, 'x', [['name']], 7]) {
    await assert.rejects(ws.google.gmail.notify(unfit, body), code('invalid_input'))
  }
})

test('what is forged, expired or misdirected is refused', async (t) => {
  const { fake, ws, me } = await withGoogle(t)
  await link(fake, me, 'gmail')
  await work(ws)
  await fake.deliver('Hello')
  const { body } = (await fake.pushes('gmail')).at(-1)
  const status = async (wanted, sent = body) => {
    const headers = { authorization: `Bearer ${await fake.token(wanted)}` }
    return (await ws.google.gmail.notify(headers, sent)).status
  }
  assert.equal(await status({}), 200)
  assert.equal((await ws.google.gmail.notify({}, body)).status, 401)
  assert.equal((await ws.google.gmail.notify({ authorization: 'Bearer nonsense' }, body)).verdict, 'unauthenticated')
  for (const kind of ['expired', 'wrong_signature', 'unsigned', 'hmac_with_public_key']) {
    assert.equal(await status({ kind }), 401, kind)
  }
  assert.ok([401, 403].includes(await status({ audience: 'https://other.example' })))
  assert.equal(await status({ account: 'evil@fake-project.iam.gserviceaccount.com' }), 403)
  assert.ok(body.includes(SUBSCRIPTION))
  assert.equal(await status({}, body.replace(SUBSCRIPTION, `${SUBSCRIPTION}-other`)), 403)
})

test('channels of Drive and Calendar', async (t) => {
  const { fake, ws, me } = await withGoogle(t)
  await link(fake, me, 'drive', 'calendar')
  await work(ws)
  for (const { url, headers } of await fake.pushes('drive', 'calendar')) {
    const service = new URL(url).pathname.split('/')[1]
    const greeting = await ws.google[service].notify(headers)
    assert.deepEqual([greeting.status, greeting.verdict], [200, 'ignored'])
    if (service === 'calendar') assert.deepEqual([greeting.text, greeting.contentType], ['OK', 'text/plain; charset=utf-8'])
  }
  await fake.control('files.add', { account: ANA, name: 'Budget.txt', mime_type: 'text/plain', content: 'The crane is dear.' })
  const { headers } = (await fake.pushes('drive')).at(-1)
  const wrong = headers.map(([name, value]) => [name, /channel-token/i.test(name) ? 'guessed' : value])
  assert.equal((await ws.google.drive.notify(wrong)).status, 401)
  assert.equal((await ws.google.calendar.notify(headers)).verdict, 'ignored')
  assert.equal((await ws.google.drive.notify(headers)).verdict, 'accepted')
  await work(ws)
  assert.deepEqual((await me.search('crane')).map((hit) => hit.document.title), ['Budget.txt'])
})

test('meetings', async (t) => {
  const { fake, me } = await withGoogle(t)
  for (const day of [1, 2, 3]) await fake.meeting(`Recce ${day}`, day * 24 * HOUR)
  await link(fake, me, 'calendar')
  const { streams } = await me.google.sync({ service: 'calendar' })
  assert.deepEqual(streams.map(({ stream, failed, errorCode }) => [stream, failed, errorCode]), [['calendar:primary', 0, null]])
  const titles = (page) => page.items.map(({ title }) => title)
  const first = await me.meetings.list({ size: 2 })
  assert.deepEqual(titles(first), ['Recce 1', 'Recce 2'])
  const all = []
  for await (const { title } of me.meetings.iterate({ size: 2 })) all.push(title)
  assert.deepEqual(all, ['Recce 1', 'Recce 2', 'Recce 3'])
  const later = new Date(Date.now() + 60 * HOUR)
  assert.deepEqual(titles(await me.meetings.list({ from: later })), ['Recce 3'])
  assert.deepEqual(titles(await me.meetings.list({ until: later })), ['Recce 1', 'Recce 2'])
  const [meeting] = first.items
  assert.deepEqual(await me.meetings.get(meeting.id), meeting)
  assert.ok(meeting.start instanceof Date && meeting.meetingUrl.startsWith('https://meet.google.com/'))
  assert.ok(meeting.attendees.some(({ email, response }) => email === 'rui@tide.example' && response === 'accepted'))
  const shoot = await me.projects.create('Lisbon shoot')
  assert.equal((await me.meetings.assign(meeting.id, shoot.id)).projectId, shoot.id)
  assert.deepEqual(titles(await me.meetings.list({ project: shoot.id })), ['Recce 1'])
  assert.equal((await me.meetings.assign(meeting.id, null)).projectId, null)
  await assert.rejects(me.meetings.get(shoot.id), code('not_found'))
})

test('logins', async (t) => {
  const { fake, ws, me } = await withGoogle(t)
  const consent = await ws.google.login({ loginHint: ANA, returnTo: '/home' })
  assert.ok(consent.expiresAt > new Date())
  const { identity, user, returnTo } = await ws.google.finishLogin(await fake.answered(consent))
  assert.deepEqual([identity.email, user, returnTo], [ANA, null, '/home'])
  assert.equal((await me.google.keepLogin(identity)).login, true)
  const again = await ws.google.login({ loginHint: ANA })
  const known = await ws.google.finishLogin(new URL(await fake.answered(again)))
  assert.equal(known.user.username, 'ana')
})

test('answers that do not count', async (t) => {
  const { fake, ws, me } = await withGoogle(t)
  const ask = async () => fake.answered(await me.google.consent(['gmail'], { loginHint: ANA, session: 'cookie' }))
  const answer = await ask()
  await assert.rejects(me.google.finish(answer, { session: 'of another browser' }), code('unauthenticated'))
  await assert.rejects(me.google.finish(answer, { session: 'cookie' }), code('unauthenticated'))
  await fake.control('consent.next', { is_denied: true })
  await assert.rejects(me.google.finish(await ask(), { session: 'cookie' }), code('forbidden'))
  await assert.rejects(me.google.finish({ state: 'made up', code: 'made up' }), code('unauthenticated'))
  await assert.rejects(me.google.finish(7), code('invalid_input'))
  await assert.rejects(me.google.consent(['gmail'], { returnTo: 'https://evil.example' }), code('invalid_input'))
  await assert.rejects(me.google.consent(['mail']), code('invalid_input'))
  await ws.users.create('rui')
  await assert.rejects(ws.user('rui').google.finish(await ask(), { session: 'cookie' }), code('forbidden'))
  const query = new URL(await ask()).searchParams
  assert.equal((await me.google.finish(query, { session: 'cookie' })).account.email, ANA)
})

test('disconnecting', async (t) => {
  const { fake, me } = await withGoogle(t)
  await fake.deliver('The crane of Monday')
  const { account } = await link(fake, me, 'gmail')
  assert.equal((await me.google.sync()).streams[0].stored, 1)
  const gone = await me.google.disconnect(account.id, { erase: true })
  assert.deepEqual([gone.account.id, gone.revoked, gone.erased], [account.id, true, 1])
  assert.deepEqual([await me.google.accounts(), await me.search('crane')], [[], []])
  await assert.rejects(me.google.disconnect(account.id), code('not_found'))
})

test('the workspace has a mailbox of its own', async (t) => {
  const { fake, ws, me } = await withGoogle(t)
  const linked = await ws.google.finish(await fake.answered(await ws.google.consent({ loginHint: ANA })))
  await fake.deliver('Rota', 'Hi', 'ai+ana@besunny.ai')
  const { streams } = await ws.google.sync()
  assert.deepEqual(streams.map(({ stream, errorCode }) => [stream, errorCode]), [['gmail', null]])
  assert.deepEqual((await me.documents.list()).items.map(({ title }) => title), ['Rota'])
  await ws.google.start()
  await ws.google.start()
  assert.deepEqual((await ws.jobs.schedules()).map(({ name }) => name), ['google'])
  assert.equal((await ws.google.disconnect(linked.account.id)).erased, 0)
})

test('token keys have an order', async (t) => {
  const { fake, ws, me } = await withGoogle(t)
  await link(fake, me, 'gmail')
  assert.equal(await ws.google.reseal(), 0)
  const place = await folder(t)
  const open = async (tokenKeys) => {
    const other = await Workspace.open(place, { model: '', google: { ...fake.options, tokenKeys } })
    try {
      await other.users.create('ana').catch(() => {})
      if ((await other.user('ana').google.accounts()).length === 0) await link(fake, other.user('ana'), 'gmail')
      return await other.google.reseal()
    } finally {
      await other.close()
    }
  }
  assert.equal(await open({ k1: KEY }), 0)
  assert.equal(await open({ k2: 'cd'.repeat(32), k1: KEY }), 1)
  assert.equal(await open([{ id: '9', key: 'ef'.repeat(32) }, { id: 'k2', key: 'cd'.repeat(32) }]), 1)
  for (const unfit of [{ 2: KEY, 1: KEY }, [{ id: 'k1' }], 'k1', { k1: 7 }]) {
    await assert.rejects(open(unfit), (error) => code('invalid_input')(error) && !error.message.includes(KEY))
  }
})

test('a sync can be stopped', async (t) => {
  const { fake, ws, me } = await withGoogle(t)
  await link(fake, me, 'gmail')
  await assert.rejects(me.google.sync({ signal: AbortSignal.abort() }), code('cancelled'))
  await me.google.sync({ service: 'gmail', signal: new AbortController().signal })
  await ws.google.sync({ signal: new AbortController().signal })
  await me.google.active()
})

test('unfit options say which', async (t) => {
  const place = await folder(t)
  const google = { clientId: 'c', clientSecret: 's', redirectUri: 'https://app.example/callback', tokenKeys: { k1: KEY } }
  const refused = async (changes) => {
    const error = await Workspace.open(place, { model: '', google: { ...google, ...changes } }).catch((error) => error)
    assert.ok(code('invalid_input')(error), String(error))
    assert.ok(!error.message.includes(KEY))
    return error.context.option
  }
  assert.equal(await refused({ clientSecret: '' }), 'client_secret')
  assert.equal(await refused({ redirectUri: 'http://evil.example' }), 'redirect_uri')
  assert.equal(await refused({ endpoints: { www: 'http://evil.example' } }), 'endpoints')
  const push = { topic: 't', subscription: '', audience: '', serviceAccount: '' }
  assert.equal(await refused({ push }), 'push.topic')
  await refused({ quota: 'newest' })
  await refused({ requestTimeout: -1 })
  const sync = { mailSince: '2026-01-01', maxMessages: 10, meetings: { includeAllDay: true }, intervals: { floor: 30_000 } }
  await (await Workspace.open(place, { model: '', google, sync })).close()
})

test('without google', async (t) => {
  const { ws, me } = await ana(t)
  const calls = [() => ws.google.start(), () => ws.google.gmail.notify({}), () => me.google.accounts(), () => me.google.sync()]
  for (const call of calls) await assert.rejects(call(), code('not_configured'))
  assert.deepEqual(await me.meetings.list(), { items: [], next: null })
})
