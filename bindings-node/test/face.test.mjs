// The whole face, without a model.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import * as esm from '../index.mjs'
import { ana, demoMails, folder, mail, mailbox, open } from './support.mjs'

const { Workspace } = esm

test('users are made once and listed', async (t) => {
  const ws = await open(t)
  const user = await ws.users.create('ana', { email: 'ana@tide.example' })
  assert.equal(user.username, 'ana')
  assert.equal(user.email, 'ana@tide.example')
  assert.ok(user.createdAt instanceof Date && Math.abs(user.createdAt - Date.now()) < 60_000)
  assert.equal((await ws.users.create('rui')).email, null)
  assert.deepEqual((await ws.users.list()).map(({ username }) => username), ['ana', 'rui'])
})

test('a handle looks its user up with the first call', async (t) => {
  const ws = await open(t, { virtualDomain: 'Mail.Example.org' })
  const early = ws.user('ana')
  assert.equal(early.username, 'ana')
  await assert.rejects(early.projects.list(), { code: 'not_found' })
  const user = await ws.users.create('ana')
  assert.deepEqual(await early.projects.list(), [])
  assert.deepEqual(await early.user(), user)
  assert.equal(await early.virtualAddress(), 'ai+ana@mail.example.org')
})

test('projects are made, read, changed and deleted', async (t) => {
  const { me } = await ana(t)
  const fields = {
    description: 'Dawn on the roofs',
    keywords: ['Alfama', 'drone permit'],
    tags: ['commercial'],
    categories: ['location'],
    people: ['Rui Salvado'],
    domains: ['salvado-locations.example'],
    codes: ['TL-2611'],
    notes: 'Coffee',
  }
  const shoot = await me.projects.create('Lisbon shoot', fields)
  const { id, createdAt, updatedAt, ...rest } = shoot
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.deepEqual(rest, { name: 'Lisbon shoot', ...fields })
  assert.deepEqual(updatedAt, createdAt)
  assert.equal(Object.getPrototypeOf(shoot), Object.prototype)
  assert.deepEqual(await me.projects.get(id), shoot)
  const changed = await me.projects.update(id, { keywords: ['Alfama'], notes: '' })
  assert.deepEqual([changed.name, changed.keywords, changed.notes], ['Lisbon shoot', ['Alfama'], ''])
  const bare = await me.projects.create('Bare')
  assert.deepEqual((await me.projects.list()).map((project) => project.id), [id, bare.id])
  assert.equal(await me.projects.delete(bare.id), undefined)
  await assert.rejects(me.projects.get(bare.id), { code: 'not_found' })
})

test('documents: text and bytes in, pages and filters out', async (t) => {
  const { me } = await ana(t)
  const shoot = await me.projects.create('Lisbon shoot', { keywords: ['Alfama', 'drone permit'] })
  const first = await me.documents.ingest('# The permit\n\nThe drone permit for Alfama ends on 17 April.', {
    title: 'Permit',
    format: 'markdown',
    fileName: 'permit.md',
    type: 'document',
    source: 'drive',
    sourceId: 'file-1',
    author: 'Rui <rui@salvado-locations.example>',
    occurredAt: new Date('2026-03-06T11:20:08.000Z'),
  })
  assert.equal(first.status, 'stored')
  const { document } = first
  assert.equal(document.title, 'Permit')
  assert.equal(document.source, 'drive')
  assert.equal(document.sourceId, 'file-1')
  assert.equal(document.type, 'document')
  assert.equal(document.occurredAt.toISOString(), '2026-03-06T11:20:08.000Z')
  assert.equal(document.parentId, null)
  assert.equal(document.mail, null)
  assert.equal(document.assignment.projectId, shoot.id)
  assert.ok(document.assignment.confidence > 0.5)
  assert.deepEqual(await me.documents.get(document.id), document)

  const bytes = Buffer.from('Equipment list: tripod, boom, zeppelin.')
  const second = await me.documents.ingest(new Uint8Array(bytes), { occurredAt: '2026-03-07T09:00:00+01:00' })
  assert.equal(second.document.occurredAt.toISOString(), '2026-03-07T08:00:00.000Z')
  assert.equal((await me.documents.ingest(bytes, { occurredAt: second.document.occurredAt })).status, 'unchanged')

  const ids = async (filter) => (await me.documents.list(filter)).items.map(({ id }) => id)
  assert.deepEqual(await ids(), [second.document.id, document.id])
  assert.deepEqual(await ids({ project: shoot.id }), [document.id])
  assert.deepEqual(await ids({ project: 'unassigned' }), [second.document.id])
  assert.deepEqual(await ids({ source: 'drive' }), [document.id])
  assert.deepEqual(await ids({ type: 'email' }), [])
  assert.deepEqual(await ids({ since: '2026-03-07' }), [second.document.id])
  assert.deepEqual(await ids({ until: new Date('2026-03-07T00:00:00Z') }), [document.id])

  const page = await me.documents.list({ size: 1 })
  assert.equal(page.items.length, 1)
  const last = await me.documents.list({ size: 1, after: page.next })
  assert.deepEqual(last.items.map(({ id }) => id), [document.id])
  assert.equal((await me.documents.list({ size: 2 })).next, null)

  const walked = []
  for await (const each of me.documents.iterate({ size: 1 })) walked.push(each.id)
  assert.deepEqual(walked, [second.document.id, document.id])

  const assigned = await me.documents.assign(second.document.id, shoot.id)
  assert.deepEqual([assigned.assignment.projectId, assigned.assignment.decidedBy], [shoot.id, 'user'])
  assert.equal((await me.documents.assign(second.document.id, null)).assignment.projectId, null)
  assert.equal(await me.documents.delete(second.document.id), undefined)
  assert.deepEqual(await ids(), [document.id])
})

test('a buffer may be changed as soon as the call has returned', async (t) => {
  const { me } = await ana(t)
  const raw = mail({ id: 'one', subject: 'Before' })
  const promise = me.mail.ingest(raw)
  raw.fill(0)
  assert.equal((await promise).document.title, 'Before')
})

test('mail with attachments; classification; search that says why', async (t) => {
  const { ws, me } = await ana(t)
  const shoot = await me.projects.create('Lisbon shoot', { keywords: ['Alfama', 'drone permit'] })
  const granted = await me.mail.ingest(await readFile(join(mailbox, '23-drone-permit-granted.eml')))
  assert.equal(granted.status, 'stored')
  assert.equal(granted.document.type, 'email')
  assert.equal(granted.document.mail.from[0].name, 'Rui Salvado')
  assert.equal(granted.document.mail.date.toISOString(), '2026-03-06T11:20:08.000Z')
  assert.equal(granted.document.assignment.projectId, shoot.id)
  assert.ok(granted.document.assignment.evidence.some(({ signal }) => signal === 'keyword'))
  assert.deepEqual(await me.documents.attachments(granted.document.id), granted.attachments)

  const answer = await me.classify('Where is the drone permit?', { subject: 'Alfama', sender: 'Rui <rui@x.example>' })
  assert.equal(answer.projectId, shoot.id)
  assert.equal(answer.alternatives[0].name, 'Lisbon shoot')
  assert.equal((await me.classify('Good morning.')).projectId, null)

  const [hit] = await me.search('drone permit', { limit: 1, mode: 'lexical', project: shoot.id, type: 'email', since: '2026-01-01' })
  assert.equal(hit.document.id, granted.document.id)
  assert.equal(hit.document.sourceId, 'granted-0306@salvado-locations.example')
  assert.ok(hit.score > 0 && hit.chunk.text.length > 0)
  const marked = hit.snippet.highlights.map(([from, to]) => Array.from(hit.snippet.text).slice(from, to).join(''))
  assert.ok(marked.some((word) => word.toLowerCase() === 'permit'), marked)
  assert.equal(hit.why.lexical.rank, 1)
  assert.ok(hit.why.lexical.terms.some(([term]) => term === 'permit'))
  assert.equal(hit.why.semantic, null)
  assert.deepEqual(await me.search('drone permit', { project: 'unassigned' }), [])

  const log = await me.intakeLog({ size: 10 })
  assert.equal(log.items.at(-1).status, 'stored')
  assert.ok(log.items[0].at instanceof Date)
  const status = await ws.status()
  assert.equal(status.users, 1)
  assert.equal(status.model, null)
  assert.equal(status.documents, 1 + granted.attachments.length)
  assert.equal(typeof status.versions.besunny, 'string')
  assert.match(await ws.digest(), /^[0-9a-f]{64}$/)
})

test('mail is routed by virtual address', async (t) => {
  const { ws } = await ana(t, { virtualDomain: 'mail.example.org' })
  const routed = await ws.mail.ingest(mail({ id: 'a', to: 'ai+ana@mail.example.org, ai+rui@mail.example.org' }))
  assert.deepEqual(routed.map(({ username, status }) => [username, status]), [['ana', 'stored'], [null, 'user_not_found']])
  assert.equal(routed[1].address, 'ai+rui@mail.example.org')
  assert.equal(routed[1].document, null)
  const [lost] = await ws.mail.ingest(mail({ id: 'b' }))
  assert.equal(lost.status, 'no_recipient')
  const log = await ws.mail.intakeLog()
  assert.deepEqual(log.items.map(({ status }) => status).sort(), ['no_recipient', 'user_not_found'])
  assert.equal(log.next, null)
})

test('a folder of mail, for one user and by address', async (t) => {
  const { ws, me } = await ana(t)
  const mails = await demoMails()
  const report = await me.mail.ingestFolder(mailbox)
  assert.equal(report.total, mails.length)
  assert.equal(report.stored + report.unchanged + report.updated + report.refused, mails.length)
  const again = await ws.mail.ingestFolder(mailbox)
  assert.equal(again.total, mails.length)
  assert.ok(again.userNotFound > 0)
  assert.deepEqual(again.refusals, [])
})

test('two workspaces at once have the same digest when fed the same', async (t) => {
  const mails = (await demoMails()).slice(0, 12)
  const digests = await Promise.all(
    [1, 2].map(async () => {
      const { ws, me } = await ana(t)
      await me.projects.create('Lisbon shoot', { keywords: ['Alfama'] })
      for (const { raw } of mails) await me.mail.ingest(raw)
      return ws.digest()
    }),
  )
  assert.equal(digests[0], digests[1])
})

test('a workspace is closed once, disposed of, and opened again', async (t) => {
  const path = await folder(t)
  const ws = await Workspace.open(path, { model: '' })
  await ws.users.create('ana')
  const other = await Workspace.open(path, { model: '' })
  assert.equal((await other.users.list()).length, 1)
  await other.close()
  const backup = join(await folder(t), 'backup.sqlite')
  await ws.backup(backup)
  const target = await folder(t)
  await Workspace.restore(backup, join(target, 'restored'))
  await assert.rejects(Workspace.restore(backup, join(target, 'restored')), { code: 'already_exists' })
  const me = ws.user('ana')
  await me.user()
  await ws.close()
  await ws.close()
  for (const call of [() => ws.status(), () => ws.users.list(), () => me.search('x'), () => me.mail.ingest(mail({ id: 'x' }))]) {
    await assert.rejects(call(), { code: 'closed' })
  }
  const again = await Workspace.open(path, { model: '' })
  assert.equal((await again.users.list()).length, 1)
  await again[Symbol.asyncDispose]()
  await assert.rejects(again.status(), { code: 'closed' })
})
