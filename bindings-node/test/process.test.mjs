// The package in whole processes and threads.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'

import { Workspace } from '../index.mjs'
import { folder, mbox } from './support.mjs'

const run = promisify(execFile)
const index = new URL('../index.mjs', import.meta.url).href

/** Runs a program that must end by itself. */
async function program(source, ...args) {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source, ...args], { timeout: 60_000 })
  return stdout.trim()
}

test('a process ends by itself after close, with a progress callback behind it', async (t) => {
  const source = `
    import { Workspace } from ${JSON.stringify(index)}
    const [path, mbox] = process.argv.slice(1)
    const ws = await Workspace.open(path)
    await ws.users.create('ana')
    let steps = 0
    await ws.user('ana').mail.ingestMbox(mbox, { progress: () => { steps += 1 }, signal: new AbortController().signal })
    await ws.close()
    console.log(steps)`
  assert.equal(await program(source, await folder(t), await mbox(t, 40)), '40')
})

test('a process ends by itself without close', async (t) => {
  const source = `
    import { Workspace } from ${JSON.stringify(index)}
    const ws = await Workspace.open(process.argv[1])
    console.log((await ws.users.list()).length)`
  assert.equal(await program(source, await folder(t)), '0')
})

test('a process ends by itself after close, with handlers and a worker behind it', async (t) => {
  const source = `
    import { Workspace } from ${JSON.stringify(index)}
    const ws = await Workspace.open(process.argv[1], { model: '' })
    await ws.users.create('ana')
    await ws.user('ana').projects.create('Lisbon shoot')
    const kept = []
    ws.jobs.handler('report', async (job) => { kept.push(job, job.signal) })
    ws.jobs.handler('stuck', (job) => { kept.push(job.signal); setTimeout(() => ws.close()); return new Promise(() => {}) })
    await ws.jobs.enqueueMany([{ kind: 'report' }, { kind: 'report' }, { kind: 'stuck', priority: -1 }])
    const handling = ws.user('ana').events.handle('mailer', () => new Promise(() => {}))
    const report = await ws.jobs.work({ grace: 10 })
    await handling
    console.log(report.succeeded, report.handedBack, kept.length)`
  assert.equal(await program(source, await folder(t)), '2 1 5')
})

test('a process ends by itself without close, with handlers but no worker', async (t) => {
  const source = `
    import { Workspace } from ${JSON.stringify(index)}
    const ws = await Workspace.open(process.argv[1], { model: '' })
    ws.jobs.handler('report', () => {})
    await ws.jobs.enqueue('report')
    console.log(await ws.jobs.runDue())`
  assert.equal(await program(source, await folder(t)), '1')
})

test('a process that exits in the middle of a job leaves it to others', async (t) => {
  const path = await folder(t)
  const exits = `
    import { Workspace } from ${JSON.stringify(index)}
    const ws = await Workspace.open(process.argv[1], { model: '' })
    ws.jobs.handler('report', (job) => { job.signal; setTimeout(() => process.exit(0)); return new Promise(() => {}) })
    const { id } = await ws.jobs.enqueue('report')
    console.log(id)
    await ws.jobs.work({ lease: 300 })`
  const id = await program(exits, path)
  const ws = await Workspace.open(path, { model: '' })
  t.after(() => ws.close())
  const stop = new AbortController()
  const done = []
  ws.jobs.handler('report', (job) => {
    done.push(job.id, job.attempt)
    stop.abort()
  })
  await ws.jobs.work({ signal: stop.signal, backoff: { first: 1, longest: 1 } })
  assert.deepEqual(done, [id, 2])
})

test('a worker thread that ends in the middle of a job hands it back', async (t) => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { Workspace } = require(workerData.index)
    ;(async () => {
      const ws = await Workspace.open(workerData.path, { model: '' })
      ws.jobs.handler('report', () => { parentPort.postMessage('begun'); return new Promise(() => {}) })
      ws.user('ana').events.handle('mailer', () => new Promise(() => {}))
      await ws.jobs.work({ grace: 10, lease: 60_000 })
    })()`
  const path = await folder(t)
  const ws = await Workspace.open(path, { model: '' })
  t.after(() => ws.close())
  await ws.users.create('ana')
  await ws.user('ana').projects.create('Lisbon shoot')
  const { id } = await ws.jobs.enqueue('report')
  const workerData = { index: new URL('../index.js', import.meta.url).pathname, path }
  const thread = new Worker(source, { eval: true, workerData })
  await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject))
  await thread.terminate()
  // Long before its lease ends.
  const stop = new AbortController()
  ws.jobs.handler('report', () => stop.abort())
  assert.equal((await ws.jobs.work({ signal: stop.signal })).succeeded, 1)
  assert.equal((await ws.jobs.get(id)).state, 'succeeded')
  const report = await ws.user('ana').events.handle('mailer', () => {}, { timeout: 0 })
  assert.equal(report.handled, 1)
})

test('worker threads load the package and work side by side', async (t) => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { Workspace, BesunnyError } = require(workerData.index)
    ;(async () => {
      const ws = await Workspace.open(workerData.path, { model: '' })
      await ws.users.create('ana')
      await ws.user('ana').mail.ingestMbox(workerData.mbox, { progress() {} })
      const code = await ws.user('rui').projects.list().catch((error) => error instanceof BesunnyError && error.code)
      parentPort.postMessage({ documents: (await ws.status()).documents, code })
      await ws.close()
    })()`
  const path = await mbox(t, 30)
  const worker = async () => {
    const workerData = { index: new URL('../index.js', import.meta.url).pathname, path: await folder(t), mbox: path }
    const thread = new Worker(source, { eval: true, workerData })
    const message = new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject))
    const exit = new Promise((resolve) => thread.once('exit', resolve))
    assert.deepEqual(await message, { documents: 30, code: 'not_found' })
    assert.equal(await exit, 0)
  }
  await Promise.all([worker(), worker()])
  await worker()
})

test('a worker that ends in the middle of a load takes nothing with it', async (t) => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { Workspace } = require(workerData.index)
    ;(async () => {
      const ws = await Workspace.open(workerData.path, { model: '' })
      await ws.users.create('ana')
      ws.user('ana').mail.ingestMbox(workerData.mbox, { progress: ({ done }) => done === 5 && parentPort.postMessage(done) })
    })()`
  const workerData = {
    index: new URL('../index.js', import.meta.url).pathname,
    path: await folder(t),
    mbox: await mbox(t, 500),
  }
  const thread = new Worker(source, { eval: true, workerData })
  await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject))
  await thread.terminate()
})
