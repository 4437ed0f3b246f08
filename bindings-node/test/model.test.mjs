// What changes with a sentence model.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { ana, mailbox, needsModel, open, ticks } from './support.mjs'

const model = process.env.BESUNNY_MODEL

test('vectors are unit length, in order, the same in any batch', needsModel, async (t) => {
  const ws = await open(t, { model, precision: 'int8', threads: 2 })
  const info = (await ws.status()).model
  assert.equal(info.precision, 'int8')
  const texts = ['The drone permit is granted.', 'Der Drehplan steht.', '']
  const vectors = await ws.embed(texts)
  assert.equal(vectors.length, 3)
  for (const vector of vectors) {
    assert.ok(vector instanceof Float32Array)
    assert.equal(vector.length, info.dimension)
    assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5)
  }
  assert.deepEqual((await ws.embed([texts[1]]))[0], vectors[1])
  assert.deepEqual(await ws.embed([]), [])
})

test('the model of the environment is taken, and its library from the installed package', needsModel, async (t) => {
  const ws = await open(t, { model: undefined })
  assert.notEqual((await ws.status()).model, null)
})

test('search by meaning', needsModel, async (t) => {
  const { me } = await ana(t, { model })
  const { document } = await me.mail.ingest(await readFile(join(mailbox, '23-drone-permit-granted.eml')))
  await me.documents.ingest('The soup is served at noon in the canteen.')
  const [hit] = await me.search('authorisation to fly', { mode: 'semantic' })
  assert.equal(hit.document.id, document.id)
  assert.equal(hit.why.lexical, null)
  assert.ok(hit.why.semantic.similarity > 0 && hit.why.semantic.rank === 1)
})

test('timers keep ticking while texts are embedded', needsModel, async (t) => {
  const ws = await open(t, { model })
  const texts = Array.from({ length: 400 }, (_, number) => `Roof ${number}: the crane comes at noon. `.repeat(6))
  const { count, longest, took } = await ticks(() => ws.embed(texts))
  assert.ok(count > took / 50, `${count} ticks in ${took} ms`)
  assert.ok(longest < 500, `longest pause ${longest} ms`)
})

test('a folder that is no model is a typed error', async (t) => {
  await assert.rejects(open(t, { model: mailbox }), (error) => {
    assert.ok(['model', 'not_found', 'unsupported', 'malformed'].includes(error.code), error.code)
    return true
  })
})
