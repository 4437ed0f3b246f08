'use strict'

// The CommonJS entry, which is the one the ES module re-exports.

const assert = require('node:assert/strict')
const { mkdtemp, rm } = require('node:fs/promises')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { test } = require('node:test')

const besunny = require('..')

test('both entries export the same', async () => {
  const esm = await import('../index.mjs')
  assert.deepEqual(Object.keys(esm).sort(), Object.keys(besunny).sort())
  for (const name of Object.keys(besunny)) assert.equal(esm[name], besunny[name])
})

test('a short session', async () => {
  const path = await mkdtemp(join(tmpdir(), 'besunny-node-'))
  const ws = await besunny.Workspace.open(path, { model: '' })
  try {
    await ws.users.create('ana')
    await ws.user('ana').documents.ingest('The drone permit ends in April.')
    const [hit] = await ws.user('ana').search('permit')
    assert.equal(hit.document.text, 'The drone permit ends in April.')
    await assert.rejects(ws.user('rui').search('permit'), besunny.BesunnyError)
  } finally {
    await ws.close()
    await rm(path, { recursive: true, force: true })
  }
})
