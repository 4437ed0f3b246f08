// Runs the cases of `tests/conformance/*.json`; its README says what they mean.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { BesunnyError, VirtualClock, Workspace } from '../index.mjs'
import { Handlers } from './conformance/handlers.mjs'
import { camelCase, camelKeys, inMilliseconds, inSeconds, snakeCase } from './conformance/names.mjs'
import { folder, needsModel, repository } from './support.mjs'

/** The arguments that come by position; all others are options. */
const POSITIONAL = {
  'users.create': ['username'],
  'projects.create': ['name'],
  'projects.get': ['project_id'],
  'projects.update': ['project_id'],
  'projects.delete': ['project_id'],
  'documents.ingest': ['content'],
  'documents.get': ['document_id'],
  'documents.attachments': ['document_id'],
  'documents.delete': ['document_id'],
  'documents.assign': ['document_id', 'project_id'],
  'mail.ingest': ['raw'],
  'mail.ingest_mbox': ['path'],
  'mail.ingest_maildir': ['path'],
  'mail.ingest_folder': ['path'],
  'events.ack': ['name', 'position'],
  'events.delete_cursor': ['name'],
  'jobs.enqueue': ['kind', 'payload'],
  'jobs.enqueue_many': ['jobs'],
  'jobs.enqueue_batch': ['jobs', 'on_complete'],
  'jobs.batch': ['batch_id'],
  'jobs.get': ['job_id'],
  'jobs.cancel': ['job_id'],
  'jobs.requeue': ['job_id'],
  'jobs.prune': ['age'],
  'jobs.schedule': ['name', 'cron', 'job'],
  'jobs.unschedule': ['name'],
  classify: ['text'],
  search: ['query'],
  embed: ['texts'],
  backup: ['path'],
  restore: ['backup', 'location'],
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A result as JSON with the names of the cases. */
function plain(value) {
  if (value === undefined) return null
  if (value instanceof Date) return value.toISOString().replace(/\.(\d*?)0+Z$/, (_, digits) => (digits ? `.${digits}Z` : 'Z'))
  if (ArrayBuffer.isView(value)) return Array.from(value)
  if (Array.isArray(value)) return value.map(plain)
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(plainField))
  return value
}

/** A payload is the caller's, and so are its names. */
function plainField([key, value]) {
  return [snakeCase(key), key === 'payload' ? value : inSeconds(key, plain(value))]
}

/** What a value of `args` stands for. */
async function argument(value, kept) {
  if (typeof value === 'string') return references(value, kept)
  if (Array.isArray(value)) return Promise.all(value.map((item) => argument(item, kept)))
  if (!isObject(value)) return value
  if ('$text' in value) return Buffer.from(value.$text)
  if ('$base64' in value) return Buffer.from(value.$base64, 'base64')
  if ('$file' in value) return readFile(join(repository, value.$file))
  if ('$path' in value) return join(repository, value.$path)
  if ('$repeat' in value) return Buffer.from(value.$repeat[0].repeat(value.$repeat[1]))
  const entries = Object.entries(value).map(async ([key, item]) => [key, await argument(item, kept)])
  return Object.fromEntries(await Promise.all(entries))
}

/** What is expected, with references to earlier results in their place. */
function references(value, kept) {
  if (typeof value === 'string' && value.startsWith('$')) {
    const [name, ...path] = value.slice(1).split('.')
    return kept.has(name) ? path.reduce((found, key) => found[key], kept.get(name)) : value
  }
  if (Array.isArray(value)) return value.map((item) => references(item, kept))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, references(item, kept)]))
}

const MATCHERS = {
  $any: (actual) => actual !== null,
  $length: (actual, length) => (typeof actual === 'string' ? Array.from(actual).length : actual?.length) === length,
  $contains: (actual, part) =>
    typeof actual === 'string' ? actual.includes(part) : Array.isArray(actual) && actual.some((item) => matches(item, part)),
  $starts: (actual, start) => typeof actual === 'string' && actual.startsWith(start),
  $at_least: (actual, least) => typeof actual === 'number' && actual >= least,
  $at_most: (actual, most) => typeof actual === 'number' && actual <= most,
}

function check(actual, expected, at) {
  if (isObject(expected)) {
    const special = Object.keys(expected).filter((key) => key.startsWith('$'))
    for (const key of special) {
      assert.ok(key in MATCHERS, `${at}: unknown matcher ${key}`)
      assert.ok(MATCHERS[key](actual, expected[key]), `${at}: ${JSON.stringify(actual)} against ${JSON.stringify(expected)}`)
    }
    if (special.length > 0) return
    assert.ok(isObject(actual), `${at}: ${JSON.stringify(actual)} is no object`)
    for (const [key, value] of Object.entries(expected)) {
      assert.ok(key in actual, `${at}.${key} is missing`)
      check(actual[key], value, `${at}.${key}`)
    }
  } else if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${at}: ${JSON.stringify(actual)} is no array`)
    assert.equal(actual.length, expected.length, `${at}: ${JSON.stringify(actual)}`)
    expected.forEach((item, place) => check(actual[place], item, `${at}.${place}`))
  } else if (typeof expected === 'number') {
    assert.equal(typeof actual, 'number', at)
    assert.ok(Math.abs(actual - expected) <= 1e-9, `${at}: ${actual} is not ${expected}`)
  } else {
    assert.deepEqual(actual, expected, at)
  }
}

function matches(actual, expected) {
  try {
    check(actual, expected, '')
    return true
  } catch {
    return false
  }
}

/** Calls a method of the face with arguments by name. */
async function call({ ws, clock, handlers }, { call: name, user }, given) {
  if (name === 'ran') return handlers.ran()
  const jobs = user === undefined ? ws.jobs : ws.user(user).jobs
  if (name === 'jobs.handler') return jobs.handler(given.kind, handlers.which(given.does))
  const args = name.startsWith('jobs.') ? inMilliseconds(given) : given
  if (name === 'jobs.advance') return jobs.advance(clock, args.by)
  const positional = POSITIONAL[name] ?? []
  const options = { ...args }
  const values = positional.map((key) => {
    delete options[key]
    return args[key] ?? null
  })
  if (Object.keys(options).length > 0) values.push(camelKeys(options))
  const path = name.split('.').map(camelCase)
  const method = path.pop()
  // What needs no open workspace is a function of the class.
  const root = name === 'restore' ? Workspace : user === undefined ? ws : ws.user(user)
  const target = path.reduce((found, key) => found[key], root)
  assert.equal(typeof target[method], 'function', `no method ${name}`)
  return target[method](...values)
}

async function runCase(t, { model, options = {}, clock: start, steps }) {
  // Closed before its folder goes: hooks run in the order they are given.
  let ws
  t.after(() => ws?.close())
  const location = await folder(t)
  const clock = start === undefined ? undefined : new VirtualClock(start)
  const opening = { model: model ? process.env.BESUNNY_MODEL : '', precision: 'int8', clock, ...camelKeys(options) }
  const handlers = new Handlers()
  ws = await Workspace.open(location, opening)
  const kept = new Map()
  for (const [number, step] of steps.entries()) {
    const at = `step ${number + 1}, ${step.call}`
    if (step.call === 'reopen') {
      await ws.close()
      ws = await Workspace.open(location, opening)
      continue
    }
    const args = await argument(step.args ?? {}, kept)
    if (step.error !== undefined) {
      await assert.rejects(call({ ws, clock, handlers }, step, args), (error) => {
        assert.ok(error instanceof BesunnyError, `${at}: ${error}`)
        assert.equal(error.code, step.error, `${at}: ${error.message}`)
        return true
      })
      continue
    }
    const done = await call({ ws, clock, handlers }, step, args).catch((error) => assert.fail(`${at}: ${error.message}`))
    const result = plain(done)
    if ('expect' in step) check(result, references(step.expect, kept), at)
    if (step.as !== undefined) kept.set(step.as, result)
  }
}

const cases = join(repository, 'tests', 'conformance')
for (const file of readdirSync(cases).filter((name) => name.endsWith('.json')).sort()) {
  for (const each of JSON.parse(readFileSync(join(cases, file), 'utf8'))) {
    test(`${file}: ${each.name}`, each.model ? needsModel : {}, (t) => runCase(t, each))
  }
}
