// Google's notifications, taken by a web server of Node's own.
//
//   GMAIL_PUSH='{"topic": ..., "subscription": ..., "audience": ..., "serviceAccount": ...}' \
//   GOOGLE_CLIENT_ID=... GOOGLE_CLIENT_SECRET=... GOOGLE_REDIRECT_URI=... TOKEN_KEY=... \
//   node google-webhooks.mjs ./workspace [port]
//
// Google posts to /gmail/notify, /drive/notify and /calendar/notify. A notification only says that
// something is new; a worker, here in the same process, fetches it. Behind any other framework it
// is the same call: `ws.google.gmail.notify(request.headers, body)`.

import { createServer } from 'node:http'

import { Workspace } from '../../bindings-node/index.mjs'

const LONGEST_BODY = 1_000_000

const { env } = process
const [folder, port = '8080'] = process.argv.slice(2)
const ws = await Workspace.open(folder, {
  google: {
    clientId: env.GOOGLE_CLIENT_ID,
    clientSecret: env.GOOGLE_CLIENT_SECRET,
    redirectUri: env.GOOGLE_REDIRECT_URI,
    tokenKeys: { k1: env.TOKEN_KEY },
    endpoints: env.GOOGLE_ENDPOINTS,
    push: env.GMAIL_PUSH && JSON.parse(env.GMAIL_PUSH),
    webhookAddress: env.WEBHOOK_ADDRESS,
  },
})

async function bodyOf(request) {
  const parts = []
  let length = 0
  for await (const part of request) {
    length += part.length
    if (length > LONGEST_BODY) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}

const server = createServer(async (request, response) => {
  const service = /^\/(gmail|drive|calendar)\/notify$/.exec(request.url)?.[1]
  if (request.method !== 'POST' || service === undefined) return response.writeHead(404).end()
  try {
    const body = await bodyOf(request)
    if (body === null) return response.writeHead(413).end()
    const { status, contentType, text } = await ws.google[service].notify(request.headers, body)
    response.writeHead(status, { 'Content-Type': contentType }).end(text)
  } catch (error) {
    console.error(error)
    response.writeHead(503).end()
  }
})

await ws.google.start()
const stopping = new AbortController()
const working = ws.jobs.work({ signal: stopping.signal })
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`))
process.once('SIGINT', async () => {
  server.close()
  stopping.abort()
  await working
  await ws.close()
})
