// Uses every call and every type of the face; it need not run, it must compile under
// `--strict`, as an ES module and as CommonJS.

import {
  BesunnyError,
  Documents,
  Events,
  Google,
  JobFailure,
  Jobs,
  Mail,
  Meetings,
  NewJob,
  Projects,
  Subscription,
  UserGoogle,
  UserHandle,
  UserMail,
  Users,
  VirtualClock,
  Webhooks,
  Workspace,
  type Account,
  type AccountHealth,
  type AccountKind,
  type AccountStatus,
  type Attendee,
  type CallbackOptions,
  type Consent,
  type ConsentOptions,
  type DisconnectOptions,
  type Disconnected,
  type EventStatus,
  type GoogleCallback,
  type GoogleEndpoints,
  type GoogleIdentity,
  type GoogleOptions,
  type GoogleQuota,
  type Health,
  type IntervalBounds,
  type Linked,
  type Meeting,
  type MeetingListOptions,
  type MeetingPage,
  type MeetingRules,
  type PushOptions,
  type QuotaTable,
  type Service,
  type ServiceQuota,
  type SignedIn,
  type StreamHealth,
  type StreamSummary,
  type SyncOptions,
  type SyncSummary,
  type UserSyncOptions,
  type WebhookHeaders,
  type WebhookOutcome,
  type WebhookVerdict,
  type Alternative,
  type Assignment,
  type AttachmentFacts,
  type AttemptFailure,
  type Automatic,
  type Backoff,
  type Batch,
  type CheckOptions,
  type CheckReport,
  type ChangeKind,
  type Chunk,
  type ClassifyOptions,
  type Cursor,
  type DecidedBy,
  type Delivery,
  type Document,
  type DocumentOptions,
  type DocumentPage,
  type DocumentType,
  type Enqueued,
  type ErrorCode,
  type Event,
  type EventHandler,
  type Evidence,
  type HandleOptions,
  type HandleReport,
  type Hit,
  type HitSnippet,
  type Ingested,
  type IntakeEntry,
  type IntakePage,
  type IntakeReport,
  type IntakeStatus,
  type Job,
  type JobHandler,
  type JobListOptions,
  type JobOptions,
  type JobPage,
  type JobProgress,
  type JobState,
  type KindStats,
  type LexicalWhy,
  type ListOptions,
  type LiveOptions,
  type LoadOptions,
  type MailDetails,
  type Mailbox,
  type ModelInfo,
  type OnFailure,
  type OpenOptions,
  type PageOptions,
  type Precision,
  type Progress,
  type Project,
  type ProjectOptions,
  type ProjectPatch,
  type Refusal,
  type RunningJob,
  type Schedule,
  type ScheduleOptions,
  type SearchMode,
  type SearchOptions,
  type SemanticWhy,
  type Signal,
  type SkippedEvent,
  type Status,
  type StoreStatus,
  type User,
  type UserOptions,
  type Versions,
  type WorkOptions,
  type WorkReport,
  type ReadOptions,
  type Start,
  type SubscribeOptions,
  type Why,
} from 'besunny'

async function workspace(): Promise<void> {
  const opening: OpenOptions = { model: 'models/minilm', precision: 'int8', virtualDomain: 'besunny.ai', threads: 2, runtimeLibrary: 'libonnxruntime.so', indexFolder: 'index', backgroundIndexing: true, rowLevelSecurity: false, clock: new VirtualClock(new Date()) }
  await using disposed = await Workspace.open('./other')
  const ws: Workspace = await Workspace.open('./workspace', opening)
  const users: Users = ws.users
  const options: UserOptions = { email: 'ana@tide.example' }
  const ana: User = await users.create('ana', options)
  const everyone: User[] = await users.list()
  const made: Date = ana.createdAt
  const email: string | null = ana.email

  const mail: Mail = ws.mail
  const deliveries: Delivery[] = await mail.ingest(Buffer.from('...'))
  const progress = (step: Progress): void => {
    const seen: [number, number, number, string, Delivery[]] = [step.done, step.bytesDone, step.bytesTotal, step.item, step.deliveries]
    void seen
  }
  const load: LoadOptions = { progress, signal: AbortSignal.timeout(1000) }
  const report: IntakeReport = await mail.ingestMbox('all.mbox', load)
  await mail.ingestMaildir('maildir', { progress })
  await mail.ingestFolder('folder')
  const refusals: Refusal[] = report.refusals
  const log: IntakePage = await mail.intakeLog({ size: 10 })
  const entries: IntakeEntry[] = log.items
  const vectors: Float32Array[] = await ws.embed(['a', 'b'])
  const status: Status = await ws.status()
  const model: ModelInfo | null = status.model
  const versions: Versions = status.versions
  const digest: string = await ws.digest()
  const { database, users: checked }: CheckReport = await ws.check({ repair: true } satisfies CheckOptions)
  const missing: number | undefined = checked[0]?.missing
  await ws.rebuild()
  await ws.backup('backup.sqlite')
  await Workspace.restore('backup.sqlite', 'restored')
  const handle: UserHandle = ws.user('ana')
  await user(handle)
  await ws.close()
  void [disposed, everyone, made, email, deliveries, refusals, entries, vectors, model, versions, digest, database, missing]
}

async function user(me: UserHandle): Promise<void> {
  const profile: User = await me.user()
  const address: string = await me.virtualAddress()
  const name: string = me.username

  const projects: Projects = me.projects
  const fields: ProjectOptions = { description: '', keywords: ['a'], tags: [], categories: [], people: [], domains: [], codes: [], notes: '' }
  const shoot: Project = await projects.create('Lisbon shoot', fields)
  const patch: ProjectPatch = { name: 'Lisbon', keywords: ['b'] }
  const same: Project[] = [await projects.get(shoot.id), await projects.update(shoot.id, patch), ...(await projects.list())]

  const mail: UserMail = me.mail
  const taken: Ingested = await mail.ingest(new Uint8Array())
  await mail.ingestMbox('all.mbox', { signal: new AbortController().signal })
  await mail.ingestMaildir('maildir')
  await mail.ingestFolder('folder')

  const documents: Documents = me.documents
  const about: DocumentOptions = { title: 't', format: 'text', fileName: 'a.txt', type: 'document', source: 's', sourceId: '1', author: 'a', occurredAt: new Date() }
  await documents.ingest('text', about)
  await documents.ingest(Buffer.from('bytes'), { occurredAt: '2026-03-06T11:20:08Z' })
  const filter: ListOptions = { project: 'unassigned', type: 'email', source: 'email', since: '2026-01-01', until: new Date(), size: 5, after: 'x' }
  const page: DocumentPage = await documents.list(filter)
  const next: string | null = page.next
  for await (const each of documents.iterate({ project: shoot.id })) {
    const found: Document = each
    void found
  }
  const document: Document = await documents.get(taken.document.id)
  const attachments: Document[] = await documents.attachments(document.id)
  const assigned: Document = await documents.assign(document.id, shoot.id)
  await documents.assign(document.id, null)
  const nothing: void = await documents.delete(document.id)
  await projects.delete(shoot.id)

  const clues: ClassifyOptions = { subject: 's', sender: 'Rui <rui@x.example>' }
  const assignment: Assignment = await me.classify('text', clues)
  const evidence: Evidence[] = assignment.evidence
  const alternatives: Alternative[] = assignment.alternatives
  const how: SearchOptions = { limit: 3, mode: 'hybrid', project: shoot.id, type: 'email', source: 'email', since: '2026-01-01', until: new Date() }
  const hits: Hit[] = await me.search('drone permit', how)
  for (const hit of hits) {
    const chunk: Chunk = hit.chunk
    const snippet: HitSnippet = hit.snippet
    const spans: Array<[number, number]> = snippet.highlights
    const why: Why = hit.why
    const lexical: LexicalWhy | null = why.lexical
    const terms: Array<[string, number]> = lexical?.terms ?? []
    const semantic: SemanticWhy | null = why.semantic
    const facts: [string, string, string, number] = [hit.document.id, hit.document.source, hit.document.sourceId, hit.score]
    void [chunk, spans, terms, semantic, facts]
  }
  const pages: PageOptions = { size: 3 }
  await me.intakeLog(pages)
  void [profile, address, name, same, next, attachments, assigned, nothing, evidence, alternatives]
}

async function events(me: UserHandle, signal: AbortSignal): Promise<void> {
  const events: Events = me.events
  const where: ReadOptions = { after: 1, kinds: ['document.stored'], limit: 10 }
  const read: Event[] = await events.read(where)
  const position: number = await events.ack('mailer', read[0]?.position ?? 0)
  const cursors: Cursor[] = await events.cursors()
  const gone: boolean = await events.deleteCursor('mailer')
  const start: Start = 'now'
  const how: SubscribeOptions = { kinds: ['project.created'], start, batch: 10, timeout: 5, autoAck: false, signal }
  const subscription: Subscription = events.subscribe('mailer', how)
  for await (const event of subscription) {
    const kind: ChangeKind = event.kind
    const about: Array<string | null> = [event.documentId, event.projectId]
    await subscription.ack(event.position)
    void [kind, about]
  }
  const live: LiveOptions = { kinds: [], batch: 1, timeout: 1, signal }
  const next: Event | null = await events.live(live).nextEvent()
  await subscription.close()
  // @ts-expect-error no such kind
  events.live({ kinds: ['document.burnt'] })
  void [position, cursors, gone, next]
}

async function handling(me: UserHandle, signal: AbortSignal): Promise<void> {
  const send: EventHandler = async (event) => event.documentId
  const onFailure: OnFailure = 'skip'
  const how: HandleOptions = { kinds: ['job.failed'], start: 'now', batch: 1, timeout: 5, attempts: 2, backoff: 1, longestBackoff: 2, onFailure, signal }
  const report: HandleReport = await me.events.handle('mailer', send, how)
  const [skipped]: SkippedEvent[] = report.failures
  const job: string | null | undefined = skipped?.event.subjectId
  const why: unknown = skipped?.error
  const counts: [number, number] = [report.handled, report.skipped]
  // @ts-expect-error no such end
  await me.events.handle('mailer', send, { onFailure: 'burn' })
  void [job, why, counts]
}

interface Report {
  month: string
  pages?: number[]
}

async function jobs(ws: Workspace, me: UserHandle, signal: AbortSignal): Promise<void> {
  const jobs: Jobs = ws.jobs
  jobs.handler<Report>('report', async (job) => {
    const month: string = job.payload.month
    const facts: [string, string, number, number, Date] = [job.id, job.kind, job.attempt, job.maxAttempts, job.runAt]
    const user: UserHandle | null = job.user
    const earlier: AttemptFailure | null = job.failure
    job.progress(0.5, 'half')
    job.progress(1)
    const stop: AbortSignal = job.signal
    await job.workspace.jobs.enqueue('next')
    if (stop.aborted) throw new JobFailure('why', { retry: false, cause: earlier })
    // @ts-expect-error no such part of the payload
    void job.payload.year
    return [month, facts, user]
  })
  jobs.handler('plain', (job) => {
    const payload: unknown = job.payload
    // @ts-expect-error nothing is known of the payload
    void job.payload.month
    // @ts-expect-error a handler reads its job
    job.attempt = 2
    void payload
  })
  const handler: JobHandler<Report> = ({ payload }: RunningJob<Report>) => payload.pages
  jobs.handler('other', handler)

  const options: JobOptions = { priority: 1, runAt: new Date(), delay: 1000, uniqueKey: 'k', maxAttempts: 3, timeout: 5000, concurrencyKey: 'c', concurrencyLimit: 2 }
  const enqueued: Enqueued = await jobs.enqueue('report', { month: 'March' }, options)
  const one: [string, boolean] = [enqueued.id, enqueued.isNew]
  await jobs.enqueue<Report>('report', { month: 'March' }, { runAt: '2026-03-28T12:00:00Z' })
  // @ts-expect-error no month
  await jobs.enqueue<Report>('report', {})
  // @ts-expect-error no such option
  await jobs.enqueue('report', null, { priorty: 1 })
  const made: NewJob[] = [{ kind: 'report', payload: { month: 'March' }, ...options }, NewJob.ingestMail(new Uint8Array()), NewJob.ingestDocument('text', { title: 't' }), { ...NewJob.reEmbed(), priority: -1 }, NewJob.train()]
  await me.jobs.enqueue(NewJob.rebuild())
  const many: Enqueued[] = await me.jobs.enqueueMany(made)
  const batch: Batch = await jobs.enqueueBatch(made, { kind: 'report' })
  await jobs.enqueueBatch(made)
  const { total, onComplete, completedAt }: Batch = await jobs.batch(batch.id)
  const last: NewJob | null = onComplete
  const filter: JobListOptions = { kind: 'report', state: 'dead', batch: batch.id, size: 10, after: 'x' }
  const page: JobPage = await jobs.list(filter)
  for await (const job of jobs.iterate({ state: 'failed' })) {
    const failure: AttemptFailure | null = job.failure
    const progress: JobProgress | null = job.progress
    const times: Array<Date | null> = [job.createdAt, job.startedAt, job.finishedAt]
    void [failure?.code, progress?.fraction, times]
  }
  const job: Job = await jobs.get(enqueued.id)
  const state: JobState = await jobs.cancel(job.id)
  await jobs.requeue(job.id)
  const pruned: number = await jobs.prune(60_000)
  const stats: KindStats[] = await jobs.stats()
  const zone: ScheduleOptions = { zone: 'Europe/Lisbon' }
  const schedule: Schedule = await me.jobs.schedule('monthly', '0 9 1 * *', { kind: 'report' }, zone)
  const next: Date | null = schedule.nextAt
  const schedules: Schedule[] = await me.jobs.schedules()
  await me.jobs.unschedule('monthly')
  const backoff: Backoff = { first: 1000, longest: 60_000 }
  const how: WorkOptions = { concurrency: 4, untilIdle: true, lease: 30_000, grace: 20_000, backoff, keepFinished: null, signal }
  const { succeeded, handedBack }: WorkReport = await jobs.work(how)
  const clock = new VirtualClock('2026-03-28T12:00:00Z')
  clock.set(new Date())
  const now: Date = clock.now()
  const ran: number[] = [await jobs.runDue(), await jobs.advance(clock, 3_600_000)]
  // @ts-expect-error no such state
  await jobs.list({ state: 'lost' })
  // @ts-expect-error a clock is needed
  await jobs.advance(1000)
  void [one, many, total, last, completedAt, page, state, pruned, stats, next, schedules, succeeded, handedBack, now, ran]
}

async function google(ws: Workspace, me: UserHandle, signal: AbortSignal): Promise<void> {
  const quota: ServiceQuota = { perUser: 1, perProject: 2 }
  const table: QuotaTable = 'old'
  const endpoints: GoogleEndpoints = { gmail: 'https://gmail.example' }
  const push: PushOptions = { topic: 't', subscription: 's', audience: 'a', serviceAccount: 'x@y.example' }
  const options: GoogleOptions = { clientId: 'id', clientSecret: 's', redirectUri: 'https://app.example', loginRedirectUri: 'https://app.example', tokenKeys: { k1: '' }, readOnly: true, hostedDomain: 'x.example', serviceAccount: 'key.json', endpoints, push, webhookAddress: 'https://app.example', quota: { table, gmail: quota } satisfies GoogleQuota, requestTimeout: 1, totalTimeout: 2, proxy: 'http://proxy.example' }
  const meetings: MeetingRules = { requireLink: true, includeDeclined: true, includeAllDay: false, windowPast: 1, windowFuture: 2 }
  const intervals: IntervalBounds = { floor: 1, ceiling: 2, ceilingWithChannel: 3 }
  const sync: SyncOptions = { mailSince: new Date(), maxMessages: 3, meetings, intervals }
  await Workspace.open('x', { google: options, sync })
  await Workspace.open('x', { google: { tokenKeys: [{ id: 'k1', key: '' }], endpoints: 'http://127.0.0.1:1', quota: 'new' } })

  const google: Google = ws.google
  const webhooks: Webhooks = google.gmail
  const forms: WebhookHeaders[] = [new Headers(), [['a', 'b']], { a: ['b'], c: undefined }, {} as import('node:http').IncomingHttpHeaders]
  const outcome: WebhookOutcome = await webhooks.notify(new Headers(), Buffer.from('{}'))
  await google.drive.notify({})
  await google.calendar.notify([], '')
  const verdict: WebhookVerdict = outcome.verdict
  const answer: [number, unknown, string, string] = [outcome.status, outcome.body, outcome.text, outcome.contentType]
  await google.start()
  const asking: ConsentOptions = { loginHint: 'a@x.example', returnTo: '/', session: 'cookie' }
  const consent: Consent = await google.login(asking)
  const where: [string, Date] = [consent.url, consent.expiresAt]
  const callback: GoogleCallback = new URL('https://app.example/?state=s&code=c')
  const browser: CallbackOptions = { session: 'cookie' }
  const signedIn: SignedIn = await google.finishLogin(callback, browser)
  const somebody: [GoogleIdentity, User | null] = [signedIn.identity, signedIn.user]
  await google.consent()
  const linked: Linked = await google.finish(new URLSearchParams())
  const account: Account = await google.delegate('a@x.example')
  const known: [AccountKind, AccountStatus] = [account.kind, account.status]
  const all: AccountHealth[] = await google.health()
  const stream: StreamHealth | undefined = all[0]?.streams[0]
  const health: Health | undefined = stream?.health
  const summary: SyncSummary = await google.sync({ signal })
  const first: StreamSummary | undefined = summary.streams[0]
  const resealed: number = await google.reseal()
  const how: DisconnectOptions = { erase: true }
  const gone: Disconnected = await google.disconnect(account.id, how)

  const mine: UserGoogle = me.google
  const services: Service[] = ['gmail', 'drive', 'calendar']
  await mine.consent(services, asking)
  await mine.finish('?state=s&code=c')
  await mine.finish({ state: 's', code: null, error: 'access_denied' })
  await mine.delegate('a@x.example', services)
  await mine.keepLogin(signedIn.identity)
  const accounts: Account[] = await mine.accounts()
  await mine.health()
  const what: UserSyncOptions = { service: 'gmail', signal }
  await mine.sync(what)
  await mine.active()
  await mine.disconnect('id')
  // @ts-expect-error no such service
  await mine.consent(['mail'])
  // @ts-expect-error a state is needed
  await mine.finish({ code: 'c' })

  const calendar: Meetings = me.meetings
  const wanted: MeetingListOptions = { from: new Date(), until: '2026-12-31', project: 'id', size: 3, after: 'x' }
  const page: MeetingPage = await calendar.list(wanted)
  for await (const meeting of calendar.iterate({ from: new Date() })) {
    const found: Meeting = meeting
    const who: Attendee[] = found.attendees
    const response: EventStatus | undefined = who[0]?.response
    void [response, found.start.getTime(), found.projectId]
  }
  await calendar.get('id')
  await calendar.assign('id', null)
  void [forms, verdict, answer, where, somebody, linked, known, health, first, resealed, gone, accounts, page]
}

function details(mail: MailDetails, document: Document): void {
  const from: Mailbox[] = mail.from
  const date: Date | null = mail.date
  const parts: AttachmentFacts[] = mail.attachments
  const automatic: Automatic[] = mail.automatic
  const kind: DocumentType = document.type
  const decider: DecidedBy = document.assignment.decidedBy
  void [from, date, parts, automatic, kind, decider]
}

function failure(error: unknown): ErrorCode | undefined {
  if (!(error instanceof BesunnyError)) return undefined
  const context: Readonly<Record<string, string>> = error.context
  const told: [string, string, boolean, string] = [error.operation, error.message, error.retryable, error.name]
  void [context, told]
  return error.code
}

const words: [StoreStatus, IntakeStatus, SearchMode, Precision, Signal] = ['stored', 'no_recipient', 'semantic', 'fp32', 'thread']

async function mistakes(ws: Workspace, me: UserHandle): Promise<void> {
  // @ts-expect-error the constructor is `open`
  const made: Workspace = new Workspace('./workspace')
  // @ts-expect-error no such mode
  await me.search('x', { mode: 'psychic' })
  // @ts-expect-error no such option
  await me.search('x', { limt: 3 })
  // @ts-expect-error raw mail is bytes
  await me.mail.ingest('From: ...')
  // @ts-expect-error unassigned is said with null
  await me.documents.assign('id')
  // @ts-expect-error no such precision
  await Workspace.open('x', { precision: 'fp16' })
  // @ts-expect-error a hit is found by position
  const hit: Hit = await me.search('x')
  void [ws, made, hit]
}

void [workspace, events, handling, jobs, google, details, failure, words, mistakes]
