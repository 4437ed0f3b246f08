// digest.mjs FOLDER THREADS: the digest of a workspace that took FOLDER in.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Workspace } from '../../bindings-node/index.mjs'

const [folder, threads] = process.argv.slice(2)
const location = await mkdtemp(join(tmpdir(), 'besunny-'))
const ws = await Workspace.open(location, { threads: Number(threads) })
await ws.users.create('ana')
await ws.user('ana').mail.ingestFolder(folder)
console.log(await ws.digest())
await ws.close()
await rm(location, { recursive: true, maxRetries: 10, retryDelay: 50 })
