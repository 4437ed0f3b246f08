'use strict'

// Jobs: the handlers and what they are given, the worker that a signal stops, and jobs to
// enqueue.

const { cancelled, checkFunction, invalid, splitSignal, stoppable, throwing } = require('./calls.js')
const { BesunnyError } = require('./errors.js')

/** What a handler throws to say whether another attempt can help. */
class JobFailure extends Error {
  constructor(message, { retry = true, cause } = {}) {
    super(message, cause === undefined || cause === null ? undefined : { cause })
    this.retry = retry
  }
}
Object.defineProperty(JobFailure.prototype, 'name', { value: 'JobFailure', configurable: true, writable: true })

/** A job that is being done. */
class RunningJob {
  #native
  #run
  #stopping

  constructor(native, run, { progress: _, ...facts }, user, workspace) {
    this.#native = native
    this.#run = run
    Object.assign(this, facts, { user, workspace })
  }

  /** Made when it is first asked for: most handlers never do. */
  get signal() {
    if (this.#stopping === undefined) {
      const stopping = new AbortController()
      this.#native.runStopped(this.#run).then((isStopped) => {
        if (isStopped) stopping.abort(cancelled('jobs.work', `the job ${this.id} is to stop`))
      })
      this.#stopping = stopping
    }
    return this.#stopping.signal
  }

  progress(fraction, message) {
    throwing('jobs.progress', this.#native.runProgress)(this.#run, fraction, message)
  }
}

/** Code, message, and whether to try again. */
function failure(error) {
  try {
    if (error instanceof JobFailure) return ['handler', String(error.message), Boolean(error.retry)]
    if (error instanceof BesunnyError) return [String(error.code), String(error.message), Boolean(error.retryable)]
    if (error instanceof Error) return ['handler', `${error.name}: ${error.message}`, true]
    return ['handler', String(error), true]
  } catch {
    return ['handler', 'the handler threw what has no text', true]
  }
}

/** The method that registers a handler. The native side gets a function that never fails. */
function registering(native, operation, method) {
  return throwing(operation, function (kind, handler) {
    checkFunction(operation, 'the handler', handler)
    return method.call(this, kind, async (job, user, workspace, run) => {
      try {
        await handler(new RunningJob(native, run, job, user, workspace))
        return null
      } catch (error) {
        return failure(error)
      }
    })
  })
}

/** The method that works, with `{ signal }` among its options. */
function working(native, operation, method) {
  return function (given) {
    const { signal, options } = splitSignal(operation, given)
    return stoppable(native, signal, (token) => method.call(this, options, token))
  }
}

/** `enqueue(job)` and `enqueue(kind, payload, options)`, by the method that enqueues many. */
function enqueuing(operation, enqueueMany) {
  return async function (job, payload, options) {
    if (typeof (options ?? {}) !== 'object') throw invalid(operation, 'options are an object')
    const [enqueued] = await enqueueMany.call(this, [typeof job === 'string' ? { ...options, kind: job, payload } : job])
    return enqueued
  }
}

/** The jobs of the kinds that every workspace does. */
function builtIn(native) {
  return {
    ingestMail: throwing('jobs.ingest_mail', native.newIngestMail),
    ingestDocument: throwing('jobs.ingest_document', native.newIngestDocument),
    reEmbed: throwing('jobs.re_embed', native.newReEmbed),
    rebuild: throwing('jobs.rebuild', native.newRebuild),
    train: throwing('jobs.train', native.newTrain),
  }
}

module.exports = { JobFailure, builtIn, enqueuing, registering, working }
