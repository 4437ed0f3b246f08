'use strict'

// Puts the JavaScript conventions on the native classes: errors are `BesunnyError`s and
// arrive as rejections, `AbortSignal` stops what can be stopped, pages and events iterate.
// Nothing else.

const { define, invalid, promising, throwing } = require('./calls.js')
const { BesunnyError, asBesunnyError } = require('./errors.js')
const { handling, iterable, subscribing } = require('./events.js')
const { finishing, notifying, syncing, syncingUser } = require('./google.js')
const { JobFailure, builtIn, enqueuing, registering, working } = require('./jobs.js')
const { loading } = require('./loading.js')
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
  Jobs: 'jobs.',
  Google: 'google.',
  UserGoogle: 'google.',
  Webhooks: 'google.',
  Meetings: 'meetings.',
  VirtualClock: 'clock.',
}

const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Methods that take or give what the native ones cannot, by class. */
function special(native) {
  const load = (operation, method) => loading(native, operation, method)
  const loads = { ingestMbox: load, ingestMaildir: load, ingestFolder: load }
  const subscribe = (operation, method) => throwing(operation, subscribing(operation, method))
  return {
    Mail: loads,
    UserMail: loads,
    Workspace: { user: (_, method) => throwing('workspace.user', method) },
    Events: {
      subscribe,
      live: subscribe,
      handle: (operation, method) => handling(native, operation, method),
    },
    Jobs: {
      handler: (operation, method) => registering(native, operation, method),
      work: (operation, method) => promising(operation, working(native, operation, method)),
    },
    Google: {
      finish: finishing,
      finishLogin: finishing,
      sync: (operation, method) => syncing(native, operation, method),
    },
    UserGoogle: {
      finish: finishing,
      sync: (operation, method) => syncingUser(native, operation, method),
    },
    Webhooks: { notify: notifying },
    VirtualClock: { now: throwing, set: throwing },
  }
}

function paged(List) {
  define(List.prototype, 'iterate', async function* (filter) {
    let after
    do {
      const page = await this.list({ ...filter, after })
      yield* page.items
      after = page.next ?? undefined
    } while (after !== undefined)
  })
}

function dress(native) {
  const { Workspace, Documents, Subscription, Jobs, Meetings } = native
  const { enqueueMany } = Jobs.prototype
  const wrappers = special(native)
  for (const [className, prefix] of Object.entries(PREFIXES)) {
    const { prototype } = native[className]
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name === 'constructor' || typeof value !== 'function') continue
      const wrap = wrappers[className]?.[name] ?? promising
      define(prototype, name, wrap(prefix + snakeCase(name), value))
    }
  }

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
  define(Jobs.prototype, 'enqueue', promising('jobs.enqueue', enqueuing('jobs.enqueue', enqueueMany)))
  paged(Documents)
  paged(Jobs)
  paged(Meetings)
  iterable(Subscription)

  class VirtualClock extends native.VirtualClock {
    constructor(now) {
      try {
        super(now)
      } catch (error) {
        throw asBesunnyError(error, 'clock.new')
      }
    }
  }
  return { ...native, BesunnyError, JobFailure, NewJob: builtIn(native), VirtualClock }
}

module.exports = { dress }
