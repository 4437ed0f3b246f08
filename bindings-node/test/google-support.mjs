// A fake of Google in a process of its own, and workspaces that work with it.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

import { ana, repository } from './support.mjs'

export const ANA = 'ana@lumen.example'
export const SIGNER = 'push@fake-project.iam.gserviceaccount.com'
export const AUDIENCE = 'https://app.example/gmail/notify'
export const TOPIC = 'projects/fake-project/topics/mail'
export const SUBSCRIPTION = 'projects/fake-project/subscriptions/mail'
export const KEY = 'ab'.repeat(32)
export const HOUR = 3_600_000

const target = process.env.CARGO_TARGET_DIR ?? join(repository, 'target')
const program = process.env.FAKE_GOOGLE ?? join(target, 'release', 'fake-google')

/** The fake with Ana's account and a subscription, as long as the test runs. */
export async function fakeGoogle(t) {
  if (!existsSync(program)) {
    throw new Error(`${program} is missing: cargo build --release --workspace --bin fake-google`)
  }
  const running = spawn(program, ['--pull'], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => running.stdin.end())
  const [line] = await new Promise((resolve, reject) => {
    running.once('error', reject)
    createInterface({ input: running.stdout }).once('line', (text) => resolve([JSON.parse(text)]))
  })

  /** Does something to it. */
  async function control(operation, given = {}) {
    const answer = await fetch(`${line.base_url}/_control/${operation}`, { method: 'POST', body: JSON.stringify(given) })
    const value = await answer.json()
    if (!answer.ok) throw new Error(`${operation}: ${value.error}`)
    return value
  }
  await control('accounts.add', { email: ANA, name: 'Ana Lopes' })
  await control('push.topic', { name: TOPIC, may_publish: true })
  await control('push.subscribe', {
    name: SUBSCRIPTION,
    topic: TOPIC,
    endpoint: AUDIENCE,
    audience: AUDIENCE,
    service_account: SIGNER,
  })

  return {
    url: line.base_url,
    control,
    /** What a workspace has to know to work with it. */
    options: {
      clientId: line.client_id,
      clientSecret: line.client_secret,
      redirectUri: 'http://127.0.0.1:8000/callback',
      tokenKeys: { k1: KEY },
      endpoints: line.base_url,
      push: { topic: TOPIC, subscription: SUBSCRIPTION, audience: AUDIENCE, serviceAccount: SIGNER },
      webhookAddress: 'https://app.example',
      quota: { table: 'new', calendar: { perUser: 600, perProject: 10_000 } },
      requestTimeout: 10_000,
    },
    /** The address that the browser of a user who consents is sent back to. */
    async answered({ url }) {
      const answer = await fetch(url, { redirect: 'manual' })
      await answer.arrayBuffer()
      return answer.headers.get('location')
    },
    /** A mail to Ana's mailbox. */
    async deliver(subject, text = 'Granted.', to = ANA) {
      const head = [`Message-ID: <${subject.replaceAll(' ', '.')}@x.example>`, 'From: Rui <rui@x.example>', `To: ${to}`]
      const raw = [...head, `Subject: ${subject}`, '', text, ''].join('\r\n')
      return (await control('mail.deliver', { account: ANA, raw, labels: ['INBOX'] })).id
    },
    /** A meeting in Ana's calendar. */
    async meeting(summary, after = 24 * HOUR) {
      const start = Math.trunc((Date.now() + after) / 1000) * 1000
      const event = {
        summary,
        start: { dateTime: new Date(start).toISOString() },
        end: { dateTime: new Date(start + HOUR).toISOString() },
        location: 'https://meet.google.com/abc-defg-hij',
        attendees: [{ email: 'rui@tide.example', responseStatus: 'accepted' }],
      }
      return (await control('events.add', { calendar: ANA, event })).id
    },
    /** What Google posts, as soon as there is something about each of the services. */
    async pushes(...services) {
      const taken = []
      const until = Date.now() + 30_000
      const about = (service) => taken.some(({ url }) => url.includes(`/${service}/`))
      while (!services.every(about)) {
        if (Date.now() > until) throw new Error(`no push about all of ${services}`)
        taken.push(...(await control('push.take')).deliveries)
        await delay(50)
      }
      return taken.filter(({ url }) => services.some((service) => url.includes(`/${service}/`)))
    },
    /** What the subscription signs with, or what only looks like it. */
    async token({ kind = 'valid', account = SIGNER, audience = AUDIENCE } = {}) {
      return (await control('keys.oidc_token', { kind, account, audience })).token
    },
  }
}

/** A workspace with the user ana that works with a fake of its own. */
export async function withGoogle(t, options = {}) {
  const fake = await fakeGoogle(t)
  return { fake, ...(await ana(t, { google: fake.options, ...options })) }
}

/** Links Ana's account, as her browser would. */
export async function link(fake, me, ...services) {
  const consent = await me.google.consent(services, { loginHint: ANA, session: 'cookie', returnTo: '/settings' })
  return me.google.finish(await fake.answered(consent), { session: 'cookie' })
}
