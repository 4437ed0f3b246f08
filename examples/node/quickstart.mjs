// The ten lines of the README, in JavaScript: mail in, right project, found again.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Workspace } from '../../bindings-node/index.mjs'

const MAIL = `From: Marta Nunes <marta@tideline.example>
Subject: Drone permit for the Alfama roofs
Message-ID: <permit-1@tideline.example>

The permit for flying over the Alfama roofs runs out on 14 March.
`

const folder = await mkdtemp(join(tmpdir(), 'besunny-'))
const ws = await Workspace.open(folder)
await ws.users.create('ana')
const me = ws.user('ana')
const shoot = await me.projects.create('Lisbon shoot', { keywords: ['Alfama', 'drone permit'] })
const { document } = await me.mail.ingest(Buffer.from(MAIL))
assert.equal(document.assignment.projectId, shoot.id)
console.log(`${document.title} -> Lisbon shoot: ${document.assignment.reason}`)
for (const hit of await me.search('when does the drone permit run out', { project: shoot.id })) {
  console.log(`${hit.score.toFixed(3)} ${hit.document.title}: ${hit.snippet.text}`)
}
await ws.close()
await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 50 })
