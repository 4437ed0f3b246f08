// Every error is a BesunnyError with our code, however it comes about.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'

import { BesunnyError, Workspace } from '../index.mjs'
import { ana, folder, mail, open } from './support.mjs'

const require = createRequire(import.meta.url)
const { load } = require('../lib/native.js')
const { promising, throwing } = require('../lib/calls.js')
const native = load()

const RETRYABLE = ['locked', 'storage', 'index', 'io', 'rate_limited', 'upstream']
const missing = '00000000-0000-0000-0000-000000000000'

test('every code comes through, on asynchronous and synchronous calls', async () => {
  const codes = native.errorCodes()
  assert.equal(new Set(codes).size, codes.length)
  const later = promising('test.fail', native.fail)
  const atOnce = throwing('test.fail', native.failAtOnce)
  for (const code of codes) {
    const check = (error) => {
      assert.ok(error instanceof BesunnyError && error instanceof Error)
      assert.equal(error.name, 'BesunnyError')
      assert.equal(error.code, code)
      assert.equal(error.operation, 'test.fail')
      assert.deepEqual(error.context, { key: 'value' })
      assert.equal(error.retryable, RETRYABLE.includes(code))
      assert.equal(error.cause, 'a cause')
      assert.equal(error.message, `test.fail: on request (${code}; key: value): a cause`)
      return true
    }
    await assert.rejects(later(code), check)
    assert.throws(() => atOnce(code), check)
  }
})

test('a panic is an error like any other', async () => {
  const { panicOnRequest, panicAtOnce } = native
  await assert.rejects(promising('test.panic', panicOnRequest)(), { name: 'BesunnyError', code: 'internal' })
  assert.throws(throwing('test.panic', panicAtOnce), { name: 'BesunnyError', code: 'internal' })
})

test('the literal unions of the types are the words of the library', async () => {
  const header = await readFile(new URL('../types/header.d.ts', import.meta.url), 'utf8')
  for (const [name, words] of Object.entries(native.vocabulary())) {
    const [, union] = header.match(new RegExp(`export type ${name} =([^\\n]*(?:\\n  \\|[^\\n]*)*)`))
    assert.deepEqual([...union.matchAll(/'([a-zA-Z_0-9.]+)'/g)].map(([, word]) => word), words, name)
  }
})

test('errors of the library say what failed on what', async (t) => {
  const { ws, me } = await ana(t)
  await assert.rejects(me.projects.get(missing), (error) => {
    assert.ok(error instanceof BesunnyError)
    assert.equal(error.code, 'not_found')
    assert.equal(error.operation, 'projects.get')
    assert.deepEqual(error.context, { project: missing })
    assert.equal(error.retryable, false)
    return true
  })
  await assert.rejects(ws.users.create('ana'), { code: 'already_exists' })
  await assert.rejects(ws.users.create('7up'), { code: 'invalid_input' })
  await assert.rejects(ws.embed(['x']), { code: 'model_missing' })
  await assert.rejects(me.search('x', { mode: 'semantic' }), { code: 'model_missing' })
  await assert.rejects(me.search('x', { limit: 0 }), (error) => ['invalid_input', 'limit_exceeded'].includes(error.code))
  await assert.rejects(me.mail.ingestMbox('no/such.mbox'), { code: 'not_found' })
  await assert.rejects(me.documents.assign(missing, null), { code: 'not_found' })
})

test('arguments of the wrong type are invalid input, as a rejection', async (t) => {
  const { ws, me } = await ana(t)
  const calls = {
    'users.create': () => ws.users.create(7),
    'users.create options': () => ws.users.create('rui', 'rui@example.org'),
    'users.create email': () => ws.users.create('rui', { email: 7 }),
    'projects.create': () => me.projects.create(),
    'projects.create keywords': () => me.projects.create('x', { keywords: 'Alfama' }),
    'projects.create keyword': () => me.projects.create('x', { keywords: [1] }),
    'projects.get': () => me.projects.get('not an id'),
    'projects.update': () => me.projects.update(missing),
    'documents.ingest': () => me.documents.ingest(7),
    'documents.ingest time': () => me.documents.ingest('x', { occurredAt: new Date(NaN) }),
    'documents.ingest time text': () => me.documents.ingest('x', { occurredAt: 'yesterday' }),
    'documents.ingest type': () => me.documents.ingest('x', { type: 'poem' }),
    'documents.list size': () => me.documents.list({ size: 1.5 }),
    'documents.list negative': () => me.documents.list({ size: -1 }),
    'documents.list project': () => me.documents.list({ project: 'Lisbon shoot' }),
    'documents.assign': () => me.documents.assign(missing),
    'mail.ingest text': () => me.mail.ingest('From: x'),
    'mail.ingest nothing': () => ws.mail.ingest(),
    'mail.ingest_mbox': () => ws.mail.ingestMbox(7),
    'mail.ingest_mbox options': () => ws.mail.ingestMbox('x', 7),
    'mail.ingest_mbox progress': () => ws.mail.ingestMbox('x', { progress: 7 }),
    'mail.ingest_mbox signal': () => ws.mail.ingestMbox('x', { signal: 7 }),
    search: () => me.search(),
    'search options': () => me.search('x', 'lexical'),
    'search mode': () => me.search('x', { mode: 'psychic' }),
    'search limit': () => me.search('x', { limit: '3' }),
    classify: () => me.classify(null),
    embed: () => ws.embed('text'),
    'embed item': () => ws.embed([1]),
    'workspace.open': () => Workspace.open(),
    'workspace.open options': () => Workspace.open('x', 7),
  }
  for (const [name, call] of Object.entries(calls)) {
    let promise
    assert.doesNotThrow(() => (promise = call()), name)
    await assert.rejects(promise, (error) => {
      assert.ok(error instanceof BesunnyError, `${name}: ${error}`)
      assert.equal(error.code, 'invalid_input', `${name}: ${error.message}`)
      return true
    })
  }
  await assert.rejects(me.documents.assign(missing), { operation: 'documents.assign' })
  await assert.rejects(me.mail.ingest('x'), { operation: 'mail.ingest' })
  await assert.rejects(me.documents.list({ size: 1.5 }), {
    message: 'documents.list: size: a count is a whole number and not negative (invalid_input)',
    context: { option: 'size' },
  })
  assert.throws(() => ws.user(7), { code: 'invalid_input', operation: 'workspace.user' })
})

test('methods on the wrong receiver, and constructors, do not crash', async () => {
  await assert.rejects(Workspace.prototype.status.call({}), BesunnyError)
  assert.throws(() => new Workspace())
})

test('opening: precision, domain, place', async (t) => {
  const path = await folder(t)
  await assert.rejects(Workspace.open(path, { model: '', precision: 'fp16' }), { code: 'invalid_input' })
  await assert.rejects(Workspace.open(path, { model: '', virtualDomain: 'not a domain' }), { code: 'invalid_input' })
  await assert.rejects(Workspace.open('/dev/null/x', { model: '' }), { code: 'io', retryable: true })
})

test('bytes that are no mail, and mail that is not refused', async (t) => {
  const { me } = await ana(t)
  for (const raw of [Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0x00]), Buffer.from('\r\n\r\n')]) {
    try {
      assert.equal((await me.mail.ingest(raw)).status, 'stored')
    } catch (error) {
      assert.ok(error instanceof BesunnyError, error)
      assert.notEqual(error.code, 'internal')
    }
  }
  assert.equal((await me.mail.ingest(mail({ id: 'fine' }))).status, 'stored')
})

test('without a native module the error says what to do', async (t) => {
  const { cannotLoad } = require('../lib/native.js')
  t.after(() => delete globalThis.EdgeRuntime)
  const plain = cannotLoad(new Error('no such file'))
  assert.equal(plain.code, 'unsupported')
  assert.match(plain.message, /npm run build/)
  globalThis.EdgeRuntime = {}
  assert.match(cannotLoad(new Error('dlopen')).message, /verify and enqueue in the edge function/)
  await open(t)
})
