// Uses every call and every type of the face; it need not run, it must compile under
// `--strict`, as an ES module and as CommonJS.

import {
  BesunnyError,
  Documents,
  Events,
  Mail,
  Projects,
  Subscription,
  UserHandle,
  UserMail,
  Users,
  Workspace,
  type Alternative,
  type Assignment,
  type AttachmentFacts,
  type Automatic,
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
  type ErrorCode,
  type Event,
  type Evidence,
  type Hit,
  type HitSnippet,
  type Ingested,
  type IntakeEntry,
  type IntakePage,
  type IntakeReport,
  type IntakeStatus,
  type LexicalWhy,
  type ListOptions,
  type LiveOptions,
  type LoadOptions,
  type MailDetails,
  type Mailbox,
  type ModelInfo,
  type OpenOptions,
  type PageOptions,
  type Precision,
  type Progress,
  type Project,
  type ProjectOptions,
  type ProjectPatch,
  type Refusal,
  type SearchMode,
  type SearchOptions,
  type SemanticWhy,
  type Signal,
  type Status,
  type StoreStatus,
  type User,
  type UserOptions,
  type Versions,
  type ReadOptions,
  type Start,
  type SubscribeOptions,
  type Why,
} from 'besunny'

async function workspace(): Promise<void> {
  const opening: OpenOptions = { model: 'models/minilm', precision: 'int8', virtualDomain: 'besunny.ai', threads: 2, runtimeLibrary: 'libonnxruntime.so', indexFolder: 'index', rowLevelSecurity: false }
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

void [workspace, events, details, failure, words, mistakes]
