'use strict'

// Subscriptions that a signal ends and that iterate, and handlers of events.

const { checkFunction, define, splitSignal, stoppable } = require('./calls.js')
const { asBesunnyError } = require('./errors.js')

/** How many skipped events a report lists. */
const LISTED = 1000

/** A subscription with `{ signal }` among its options, which are last. */
function subscribing(operation, method) {
  return function (...args) {
    if (args.length === 0 || typeof args.at(-1) !== 'object') return method.apply(this, args)
    const { signal, options } = splitSignal(operation, args.at(-1))
    const subscription = method.call(this, ...args.slice(0, -1), options)
    // What goes wrong in closing, the loop that closes as well is told.
    const stop = () => subscription.close().catch(() => {})
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
    return subscription
  }
}

/**
 * Hands events to a handler. What the handler throws stays here: the native side is told that
 * it failed, and its report gets the errors from here.
 */
function handling(native, operation, method) {
  return async function (name, handler, given) {
    checkFunction(operation, 'the handler', handler)
    const { signal, options } = splitSignal(operation, given)
    /** What the handler threw, by position: for events that were skipped, and the latest. */
    const errors = new Map()
    let latest
    const handle = async (event) => {
      if (errors.size > LISTED && latest !== event.position) errors.delete(latest)
      latest = event.position
      try {
        await handler(event)
        errors.delete(latest)
        return true
      } catch (error) {
        errors.set(latest, error)
        return false
      }
    }
    try {
      const report = await stoppable(native, signal, (token) => method.call(this, name, handle, options, token))
      for (const failure of report.failures) failure.error = errors.get(failure.event.position)
      return report
    } catch (error) {
      const known = asBesunnyError(error, operation)
      throw known.operation === 'events.handler' ? errors.get(latest) : known
    }
  }
}

function iterable(Subscription) {
  define(Subscription.prototype, Symbol.asyncIterator, async function* () {
    try {
      for (let event = await this.nextEvent(); event != null; event = await this.nextEvent()) yield event
    } finally {
      await this.close()
    }
  })
}

module.exports = { handling, iterable, subscribing }
