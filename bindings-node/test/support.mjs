// Shared by the tests: fresh workspaces, the demo mailbox, mails made to measure.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Workspace } from '../index.mjs'

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const mailbox = join(repository, 'examples', 'mailbox')

/** For tests that need a model: `{ skip }` says in words why they do not run. */
export const needsModel = process.env.BESUNNY_MODEL
  ? {}
  : { skip: 'BESUNNY_MODEL is not set to the folder of a sentence model' }

/** A folder that goes with the test. */
export async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), 'besunny-node-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** An open workspace that goes with the test; without a model unless one is asked for. */
export async function open(t, options = {}) {
  const path = await mkdtemp(join(tmpdir(), 'besunny-node-'))
  const ws = await Workspace.open(path, { model: '', ...options })
  t.after(async () => {
    await ws.close()
    await rm(path, { recursive: true, force: true })
  })
  return ws
}

/** An open workspace with the user ana, and her handle. */
export async function ana(t, options) {
  const ws = await open(t, options)
  await ws.users.create('ana')
  return { ws, me: ws.user('ana') }
}

/** A short mail. */
export function mail({ id, to = 'ana@example.org', subject = 'Hello', text = 'Good morning.' }) {
  const lines = [
    'Date: Fri, 06 Mar 2026 11:20:08 +0000',
    'From: Rui Salvado <rui@salvado-locations.example>',
    `To: ${to}`,
    `Subject: ${subject}`,
    `Message-ID: <${id}@salvado-locations.example>`,
    '',
    text,
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}

/** An mbox of so many mails, and its path. */
export async function mbox(t, count) {
  const path = join(await folder(t), 'all.mbox')
  const messages = Array.from({ length: count }, (_, number) => {
    const text = `The permit for roof number ${number} is granted; the crane comes at ${number % 24} o'clock. `.repeat(8)
    const raw = mail({ id: `m${number}`, subject: `Roof ${number}`, text }).toString().replaceAll('\r\n', '\n')
    return `From rui@salvado-locations.example Fri Mar  6 11:20:08 2026\n${raw}\n`
  })
  await writeFile(path, messages.join(''))
  return path
}

/** The raw mails of the demo mailbox. */
export async function demoMails() {
  const names = (await readdir(mailbox)).filter((name) => name.endsWith('.eml')).sort()
  return Promise.all(names.map(async (name) => ({ name, raw: await readFile(join(mailbox, name)) })))
}

/** What ticks while `work` runs: how often a 5 ms timer fired, and the longest pause. */
export async function ticks(work) {
  let count = 0
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    count += 1
  }, 5)
  const from = last
  try {
    const result = await work()
    return { result, count, longest, took: performance.now() - from }
  } finally {
    clearInterval(timer)
  }
}
