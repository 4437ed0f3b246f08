'use strict'

// Puts the JavaScript conventions on the native classes: errors are `BesunnyError`s and
// arrive as rejections, `AbortSignal` stops a load or an iteration, pages and events
// iterate. Nothing else.

const { BesunnyError, asBesunnyError } = require('./errors.js')
const { findRuntimeLibrary } = require('./runtime.js')

/** What the calls of a class are called in errors. */
const PREFIXES = {
  Workspace: '',
  Users: 'users.',
  Mail: 'mail.',
  UserHandle: '',
  UserMail: 'mail.',
  Projects: 'projects.',
  Documents: 'documents.',
  Events: 'events.',
  Subscription: 'events.',
}

const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function define(target, name, value) {
  Object.defineProperty(target, name, { value, configurable: true, writable: true })
  Object.defineProperty(value, 'name', { value: typeof name === 'symbol' ? `[${name.description}]` : name })
}

/** The method, answering always with a promise, and in it with a `BesunnyError` at worst. */
function promising(operation, method) {
  return async function (...args) {
    try {
      return await method.apply(this, args)
    } catch (error) {
      throw asBesunnyError(error, operation)
    }
  }
}

/** A synchronous method that throws a `BesunnyError` at worst. */
function throwing(operation, method) {
  return function (...args) {
    try {
      return method.apply(this, args)
    } catch (error) {
      throw asBesunnyError(error, operation)
    }
  }
}

function cancelled(operation, what, cause) {
  return new BesunnyError({ code: 'cancelled', operation, message: `${operation}: ${what} (cancelled)`, cause })
}

function invalid(operation, what) {
  return new BesunnyError({ code: 'invalid_input', operation, message: `${operation}: ${what} (invalid_input)` })
}

function checkSignal(operation, signal) {
  if (signal != null && typeof signal.addEventListener !== 'function') {
    throw invalid(operation, 'signal is an AbortSignal')
  }
}

/** A bulk load with `{ progress, signal }`. */
function loading(native, operation, method) {
  return async function (path, options) {
    const { progress, signal } = options ?? {}
    if (typeof (options ?? {}) !== 'object') throw invalid(operation, 'options are an object')
    if (progress != null && typeof progress !== 'function') throw invalid(operation, 'progress is a function')
    checkSignal(operation, signal)
    if (signal?.aborted) throw cancelled(operation, 'the signal was aborted before the call', signal.reason)

    const token = native.cancelToken()
    let thrown
    const report = (step) => {
      if (step == null || thrown) return
      try {
        progress(step)
      } catch (error) {
        thrown = { error }
        native.cancel(token)
      }
    }
    const stop = () => native.cancel(token)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const done = await method.call(this, path, progress ? report : undefined, token)
      if (thrown) throw cancelled(operation, 'the progress callback threw', thrown.error)
      return done
    } catch (error) {
      if (thrown) throw cancelled(operation, 'the progress callback threw', thrown.error)
      throw asBesunnyError(error, operation)
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }
}

const LOADS = new Set(['ingestMbox', 'ingestMaildir', 'ingestFolder'])

const SUBSCRIPTIONS = new Set(['subscribe', 'live'])

/** A subscription with `{ signal }` among its options, which are last. */
function stoppable(operation, method) {
  return function (...args) {
    const { signal, ...options } = args.at(-1) ?? {}
    if (args.length === 0 || typeof args.at(-1) !== 'object') return method.apply(this, args)
    checkSignal(operation, signal)
    const subscription = method.call(this, ...args.slice(0, -1), options)
    // What goes wrong in closing, the loop that closes as well is told.
    const stop = () => subscription.close().catch(() => {})
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
    return subscription
  }
}

function dress(native) {
  for (const [className, prefix] of Object.entries(PREFIXES)) {
    const { prototype } = native[className]
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name === 'constructor' || typeof value !== 'function') continue
      const operation = prefix + snakeCase(name)
      if (LOADS.has(name)) define(prototype, name, loading(native, operation, value))
      else if (SUBSCRIPTIONS.has(name)) define(prototype, name, throwing(operation, stoppable(operation, value)))
      else if (value === native.Workspace.prototype.user) define(prototype, name, throwing('workspace.user', value))
      else define(prototype, name, promising(operation, value))
    }
  }

  const { Workspace, Documents, Subscription } = native
  const open = (location, options) => {
    const given = options ?? {}
    if (typeof given !== 'object') throw invalid('workspace.open', 'options are an object')
    const runtimeLibrary = given.runtimeLibrary ?? findRuntimeLibrary()
    return native.openWorkspace(location, { ...given, runtimeLibrary })
  }
  define(Workspace, 'open', promising('workspace.open', open))
  const restore = (backup, location) => native.restoreWorkspace(backup, location)
  define(Workspace, 'restore', promising('workspace.restore', restore))
  if (Symbol.asyncDispose) {
    define(Workspace.prototype, Symbol.asyncDispose, function () {
      return this.close()
    })
  }
  define(Documents.prototype, 'iterate', async function* (filter) {
    let after
    do {
      const page = await this.list({ ...filter, after })
      yield* page.items
      after = page.next ?? undefined
    } while (after !== undefined)
  })
  define(Subscription.prototype, Symbol.asyncIterator, async function* () {
    try {
      for (let event = await this.nextEvent(); event != null; event = await this.nextEvent()) yield event
    } finally {
      await this.close()
    }
  })
  return native
}

module.exports = { dress, promising, throwing }
