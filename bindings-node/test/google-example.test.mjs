// The example of a web server that takes Google's notifications.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

import { ANA, KEY, SUBSCRIPTION, fakeGoogle } from './google-support.mjs'
import { folder, repository } from './support.mjs'

test('the example of a web server', async (t) => {
  const fake = await fakeGoogle(t)
  const { clientId, clientSecret, push } = fake.options
  const environment = {
    ...process.env,
    GOOGLE_CLIENT_ID: clientId,
    GOOGLE_CLIENT_SECRET: clientSecret,
    GOOGLE_REDIRECT_URI: 'https://app.example/callback',
    GOOGLE_ENDPOINTS: fake.url,
    GMAIL_PUSH: JSON.stringify(push),
    TOKEN_KEY: KEY,
  }
  const example = join(repository, 'examples', 'node', 'google-webhooks.mjs')
  const stdio = ['ignore', 'pipe', 'inherit']
  const running = spawn(process.execPath, [example, await folder(t), '0'], { env: environment, stdio })
  t.after(() => running.kill('SIGKILL'))
  const [line] = await once(createInterface({ input: running.stdout }), 'line')
  const server = line.split(' ').at(-1)
  const post = async (path, headers, body = '') => {
    const answer = await fetch(`${server}${path}`, { method: 'POST', headers, body })
    return [answer.status, await answer.text()]
  }

  const data = Buffer.from(JSON.stringify({ emailAddress: ANA, historyId: 9876543210 })).toString('base64')
  const message = { data, messageId: '2070443601311540', publishTime: '2026-02-26T19:13:55.749Z' }
  const body = JSON.stringify({ message, subscription: SUBSCRIPTION })
  const bearer = (token) => ({ Authorization: `Bearer ${token}` })
  // Authentic, though nobody has linked this mailbox.
  const [status, text] = await post('/gmail/notify', bearer(await fake.token()), body)
  assert.deepEqual([status, JSON.parse(text)], [200, { success: true, message: 'No such mailbox is linked' }])
  assert.equal((await post('/gmail/notify', bearer(await fake.token({ kind: 'wrong_signature' })), body))[0], 401)
  assert.equal((await post('/gmail/notify', {}, body))[0], 401)
  const channel = {
    'X-Goog-Channel-ID': '4ba78bf0-6a47-11e2-bcfd-0800200c9a66',
    'X-Goog-Channel-Token': '398348u3tu83ut8uu38',
    'X-Goog-Message-Number': '10',
    'X-Goog-Resource-ID': 'ret08u3rv24htgh289g',
    'X-Goog-Resource-State': 'exists',
  }
  assert.equal((await post('/calendar/notify', channel))[0], 200)
  assert.equal((await post('/drive/notify', {}))[0], 400)
  assert.equal((await post('/elsewhere', channel))[0], 404)

  running.kill('SIGINT')
  const [ended] = await once(running, 'exit')
  assert.equal(ended, 0)
})
